// Gets the good sectors out of a stretch in which a read has failed, with few failing reads: those are what
// hurts the drive and costs seconds each; small reads that succeed are nearly free. Pure: it says what to
// read next and is told what came of it.
//
// From the start, sector by sector, to the end: each single bad sector costs one failing read. Two bad
// sectors in a row are taken for a longer bad stretch: then from the end backwards to its last bad sector,
// and what lies between is probed in the middle as long as the budget of failing reads allows. An island of
// good sectors there is grown in both directions. What remains lies between two bad sectors and has not been
// tried alone.
//
// Budget: 2 failing reads and 2 more for each bad stretch found, the failed read that began it included.

const WHOLE = 0;
const FORWARD = 1;
const BACKWARD = 2;
const PROBE = 3;

/** An interval that is not resolved yet, and how it is being worked on. */
interface Gap {
  start: number;
  end: number;
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
  /** Nobody knows whether the whole can be read: try that first. */
  | "untried"
  /** Both neighbours are bad, and the edges have been tried. */
  | "between bad sectors";

/** One stretch [start, end), in whole sectors. */
export class Rescue {
  readonly start: number;
  readonly end: number;
  readonly #sectorSize: number;
  readonly #gaps: Gap[] = [];
  readonly #leftovers: { start: number; end: number }[] = [];
  #failures: number;
  #stretches = 1;
  /** A good sector has been seen since the last bad one, so a further bad one begins another stretch. */
  #goodSinceBad = false;
  #sawBad = false;

  /** The read that `next` wants: bytes from the start of the device, and length. */
  offset = 0;
  length = 0;

  constructor(start: number, end: number, sectorSize: number, begin: RescueStart) {
    this.start = start;
    this.end = end;
    this.#sectorSize = sectorSize;
    this.#failures = begin === "failed" ? 1 : 0;
    const between = begin === "between bad sectors";
    const mode = between ? PROBE : begin === "failed" ? FORWARD : WHOLE;
    this.#gaps.push({ start, end, mode, afterBad: between, beforeBad: between });
  }

  /** What nobody has tried alone, once `next` has said false. */
  get leftovers(): readonly { start: number; end: number }[] {
    return this.#leftovers;
  }

  /** Chooses the next read. @returns false when the stretch is done. */
  next(): boolean {
    for (;;) {
      const gap = this.#gaps.at(-1);
      if (gap === undefined) return false;
      if (gap.start >= gap.end) {
        this.#gaps.pop();
        continue;
      }
      this.length = Math.min(this.#sectorSize, gap.end - gap.start);
      switch (gap.mode) {
        case WHOLE:
          this.offset = gap.start;
          this.length = gap.end - gap.start;
          return true;
        case FORWARD:
          this.offset = gap.start;
          return true;
        case BACKWARD:
          this.offset = this.#lastSector(gap);
          this.length = gap.end - this.offset;
          return true;
        default:
          if (this.#failures < 2 + 2 * this.#stretches) {
            this.offset = this.#middleSector(gap);
            return true;
          }
          this.#leftovers.push({ start: gap.start, end: gap.end });
          this.#gaps.pop();
      }
    }
  }

  #lastSector(gap: Gap): number {
    const sectors = Math.ceil((gap.end - gap.start) / this.#sectorSize);
    return gap.start + (sectors - 1) * this.#sectorSize;
  }

  #middleSector(gap: Gap): number {
    const sectors = Math.ceil((gap.end - gap.start) / this.#sectorSize);
    return gap.start + Math.floor(sectors / 2) * this.#sectorSize;
  }

  /** The read that `next` chose has brought `length` bytes (whole sectors, at least one). */
  succeeded(length: number): void {
    const gap = this.#gaps.at(-1)!;
    this.#goodSinceBad = true;
    switch (gap.mode) {
      case WHOLE:
      case FORWARD:
        gap.start += length;
        gap.afterBad = false;
        break;
      case BACKWARD:
        gap.end = this.offset;
        break;
      case PROBE:
        this.#gaps.pop();
        if (gap.afterBad && gap.beforeBad) this.#stretches++;
        this.#gaps.push(
          { ...gap, start: this.offset + length, mode: FORWARD, afterBad: false },
          { ...gap, end: this.offset, mode: BACKWARD, beforeBad: false },
        );
    }
  }

  /** The read that `next` chose has failed. A single sector is bad now, more than one is still unknown. */
  failed(): void {
    const gap = this.#gaps.at(-1)!;
    this.#failures++;
    if (gap.mode === WHOLE) {
      gap.mode = FORWARD;
      return;
    }
    if (this.#sawBad && this.#goodSinceBad && gap.mode === FORWARD && !gap.afterBad) {
      this.#stretches++;
    }
    this.#sawBad = true;
    this.#goodSinceBad = false;
    switch (gap.mode) {
      case FORWARD:
        gap.start = this.offset + this.length;
        // The second in a row: a longer stretch.
        if (gap.afterBad) gap.mode = gap.beforeBad ? PROBE : BACKWARD;
        gap.afterBad = true;
        break;
      case BACKWARD:
        gap.end = this.offset;
        gap.beforeBad = true;
        gap.mode = PROBE;
        break;
      case PROBE:
        this.#gaps.pop();
        this.#gaps.push(
          { ...gap, start: this.offset + this.length },
          { ...gap, end: this.offset },
        );
    }
  }
}
