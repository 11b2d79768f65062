// Gets the good sectors out of a stretch in which a read has failed, with few failing reads: those are what
// hurts the drive and costs seconds each; small reads that succeed are nearly free. Pure: it says what to
// read next and is told what came of it.
//
// From the start, sector by sector, to the end: each single bad sector costs one failing read. Two bad
// sectors in a row are taken for a longer bad stretch: then from the end backwards to its last bad sector,
// and what lies between is probed in the middle, the widest first, as long as the budget of failing reads
// allows. An island of good sectors there is grown in both directions before anything else is probed. What
// remains lies between two bad sectors and has not been tried alone.
//
// Budget: 2 failing reads and 2 more for each bad stretch found, the failed read that began it included.
// It is never exceeded: a probe that succeeds has left one unused and adds 2, and the edges of its island cost
// 3, or more where that finds further stretches, which pay for themselves.

const WHOLE = 0;
const FORWARD = 1;
const BACKWARD = 2;

/** An interval. */
interface Part {
  start: number;
  end: number;
}

/** A part that is being worked through from one side. */
interface Gap extends Part {
  mode: number;
  /** The sector before `start` is bad. */
  afterBad: boolean;
  /** The sector at `end` is bad. */
  beforeBad: boolean;
}

/** How a rescue begins. */
export type RescueStart =
  /** A read of the whole stretch has just failed. */
  | "failed"
  /** It is unknown whether the whole can be read: try that first. */
  | "untried"
  /** Both neighbours are bad, and the edges have been tried. */
  | "between bad sectors";

/** One stretch [start, end), in whole sectors. */
export class Rescue {
  readonly start: number;
  readonly end: number;
  readonly #sectorSize: number;
  /** Not resolved yet; the last one is worked on. */
  readonly #gaps: Gap[] = [];
  /** Between two bad sectors, not tried. */
  readonly #unknown: Part[] = [];
  /** The part whose middle is being tried, when there is no gap. */
  #probed: Part = { start: 0, end: 0 };
  #failures: number;
  /** Bad stretches that are known to be separate: a good sector lies between them. */
  #stretches = 1;
  /** Where the sectors begin that have failed alone. */
  readonly #failed: number[] = [];

  /** The read that `next` wants: bytes from the start of the device, and length. */
  offset = 0;
  length = 0;

  constructor(start: number, end: number, sectorSize: number, begin: RescueStart) {
    this.start = start;
    this.end = end;
    this.#sectorSize = sectorSize;
    this.#failures = begin === "failed" ? 1 : 0;
    if (begin === "between bad sectors") {
      this.#addUnknown(start, end);
    } else {
      const mode = begin === "failed" ? FORWARD : WHOLE;
      this.#gaps.push({ start, end, mode, afterBad: false, beforeBad: false });
    }
  }

  /** The ranges that were not tried sector by sector, once `next` has returned false. */
  get leftovers(): readonly Part[] {
    return this.#unknown;
  }

  /**
   * Once `next` has said false: whether some of [start, end) has not been tried alone, and none of it has
   * failed, so it cannot be called bad.
   */
  leavesOpen(start: number, end: number): boolean {
    const isLeft = this.#unknown.some((part) => part.start < end && start < part.end);
    return isLeft && !this.#failed.some((offset) => start <= offset && offset < end);
  }

  /** Chooses the next read. @returns false when the stretch is done. */
  next(): boolean {
    for (let gap = this.#gaps.at(-1); gap !== undefined; gap = this.#gaps.at(-1)) {
      if (gap.start < gap.end) {
        this.#chooseIn(gap);
        return true;
      }
      this.#gaps.pop();
    }
    if (this.#unknown.length === 0 || this.#failures >= 2 + 2 * this.#stretches) return false;
    this.#chooseProbe();
    return true;
  }

  #chooseIn(gap: Gap): void {
    this.offset = gap.mode === BACKWARD ? this.#sectorAt(gap, this.#sectorsOf(gap) - 1) : gap.start;
    this.length = gap.mode === WHOLE
      ? gap.end - gap.start
      : Math.min(this.#sectorSize, gap.end - this.offset);
  }

  #chooseProbe(): void {
    let widest = 0;
    this.#unknown.forEach((part, index) => {
      const { start, end } = this.#unknown[widest];
      if (part.end - part.start > end - start) widest = index;
    });
    const [part] = this.#unknown.splice(widest, 1);
    this.#probed = part;
    this.offset = this.#sectorAt(part, Math.floor(this.#sectorsOf(part) / 2));
    this.length = Math.min(this.#sectorSize, part.end - this.offset);
  }

  /** The last sector of a device may be a short one. */
  #sectorsOf({ start, end }: Part): number {
    return Math.ceil((end - start) / this.#sectorSize);
  }

  #sectorAt({ start }: Part, index: number): number {
    return start + index * this.#sectorSize;
  }

  #addUnknown(start: number, end: number): void {
    if (start < end) this.#unknown.push({ start, end });
  }

  /** The read that `next` chose has brought `length` bytes (whole sectors, at least one). */
  succeeded(length: number): void {
    const gap = this.#gaps.at(-1);
    if (gap === undefined) return this.#foundIsland(length);
    if (gap.mode === BACKWARD) {
      gap.end = this.offset;
      return;
    }
    // What was bad ends here, and something else is bad at the gap's end.
    if (gap.afterBad && gap.beforeBad) this.#stretches++;
    gap.start += length;
    gap.afterBad = false;
  }

  /** It parts what may have been one bad stretch. */
  #foundIsland(length: number): void {
    const { start, end } = this.#probed;
    const islandEnd = this.offset + length;
    this.#stretches++;
    this.#gaps.push(
      { start: islandEnd, end, mode: FORWARD, afterBad: false, beforeBad: true },
      { start, end: this.offset, mode: BACKWARD, afterBad: true, beforeBad: false },
    );
  }

  /** The read that `next` chose has failed. A single sector is bad now, more than one is still unknown. */
  failed(): void {
    this.#failures++;
    if (this.length <= this.#sectorSize) this.#failed.push(this.offset);
    const gap = this.#gaps.at(-1);
    if (gap === undefined) {
      this.#addUnknown(this.#probed.start, this.offset);
      this.#addUnknown(this.offset + this.length, this.#probed.end);
    } else if (gap.mode === BACKWARD) {
      this.#gaps.pop();
      this.#addUnknown(gap.start, this.offset);
    } else if (gap.mode === WHOLE && this.length > this.#sectorSize) {
      gap.mode = FORWARD;
    } else {
      this.#failedForward(gap);
    }
  }

  #failedForward(gap: Gap): void {
    // Not where the gap ends at a bad sector: all between may be bad as well.
    const isFirst = this.#failed.length === 1;
    if (!isFirst && !gap.afterBad && !gap.beforeBad) this.#stretches++;
    gap.mode = FORWARD;
    gap.start = this.offset + this.length;
    const second = gap.afterBad;
    gap.afterBad = true;
    // The second in a row: a longer stretch.
    if (!second) return;
    if (!gap.beforeBad) {
      gap.mode = BACKWARD;
    } else {
      this.#gaps.pop();
      this.#addUnknown(gap.start, gap.end);
    }
  }
}
