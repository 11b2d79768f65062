// Copying: reads what nobody has tried in large pieces, away from trouble first. Five passes, as GNU ddrescue
// has them (its manual, chapter "Algorithm"): 1 forwards and 2 backwards, with skips that grow, behind errors
// and over slow places; 3 forwards and 4 backwards through what was slow; 5 forwards, with no skips. Passes 2
// to 4 leave the rest of a run at its first error. A piece that fails is left for trimming.
import { alignDown, alignUp, clamp } from "../../base/ranges.ts";
import { NON_TRIED } from "../../map/statuses.ts";
import type { PhaseWork } from "./phase_work.ts";
import { CLUSTER, type ReadSize } from "./read_size.ts";
import { type Speed, SPEED_GOOD, SPEED_SLOW } from "./speed.ts";
import type { Wanted } from "./wanted.ts";

/** Passes that skip slow places. */
export const SLOW_SKIPPING = 2;
/** First skip over a slow place, bytes: those are wider than bad ones, and take half a second to notice. */
const SLOW_SKIP = 16 * CLUSTER;
export const LAST_PASS = 5;

/** A skip that doubles, between bounds that follow from the size of the device. */
class Skip {
  readonly #first: number;
  readonly #most: number;
  #next: number;

  /** @param least bytes to begin with, a multiple of CLUSTER; a small device begins with less. */
  constructor(size: number, least: number) {
    this.#most = alignUp(Math.ceil(size / 100), CLUSTER);
    this.#first = clamp(alignUp(Math.ceil(size / 100_000), CLUSTER), least, this.#most);
    this.#next = this.#first;
  }

  take(): number {
    const bytes = this.#next;
    this.#next = Math.min(this.#most, bytes * 2);
    return bytes;
  }

  reset(): void {
    this.#next = this.#first;
  }
}

/**
 * The copying phase: large pieces of non-tried areas, in ddrescue's five passes. The map's position
 * and pass say how far it is.
 */
export class Copying implements PhaseWork {
  readonly #wanted: Wanted;
  readonly #readSize: ReadSize;
  readonly #speed: Speed;
  readonly #errorSkip: Skip;
  readonly #slowSkip: Skip;
  #sawSlow = false;
  /** Ends of the run that the chosen read lies in. */
  #runStart = 0;
  #runEnd = 0;
  offset = 0;
  length = 0;

  constructor(wanted: Wanted, readSize: ReadSize, speed: Speed) {
    this.#wanted = wanted;
    this.#readSize = readSize;
    this.#speed = speed;
    this.#errorSkip = new Skip(wanted.map.size, CLUSTER);
    this.#slowSkip = new Skip(wanted.map.size, SLOW_SKIP);
    speed.begin(!this.#isForward);
  }

  get #isForward(): boolean {
    return this.#wanted.map.pass % 2 === 1;
  }

  next(): boolean {
    const { map } = this.#wanted;
    do {
      if (this.#isForward) {
        if (this.#wanted.next(map.position, NON_TRIED)) return this.#chooseFirst();
      } else if (this.#wanted.previous(map.position, NON_TRIED)) return this.#chooseLast();
    } while (this.#beginNextPass());
    return false;
  }

  #beginNextPass(): boolean {
    const { map } = this.#wanted;
    if (map.pass >= LAST_PASS || !this.#wanted.has(NON_TRIED)) return false;
    // Passes 3 and 4 are for what was slow; without, they would only try the edges of bad stretches again.
    map.pass = map.pass === SLOW_SKIPPING && !this.#sawSlow ? LAST_PASS : map.pass + 1;
    map.position = this.#isForward ? 0 : map.size;
    this.#errorSkip.reset();
    this.#slowSkip.reset();
    this.#speed.begin(!this.#isForward);
    return true;
  }

  /** The run that was found, from its start. Pieces end on multiples of CLUSTER, wherever they begin. */
  #chooseFirst(): true {
    const { start, end } = this.#wanted;
    const limit = alignDown(start + this.#readSize.limit, CLUSTER);
    return this.#choose(start, Math.min(end, limit));
  }

  /** The run that was found, from its end. */
  #chooseLast(): true {
    const { start, end } = this.#wanted;
    const limit = alignUp(Math.max(0, end - this.#readSize.limit), CLUSTER);
    return this.#choose(Math.max(start, limit), end);
  }

  #choose(start: number, end: number): true {
    this.#runStart = this.#wanted.start;
    this.#runEnd = this.#wanted.end;
    this.offset = start;
    this.length = end - start;
    this.#wanted.map.position = this.#isForward ? start : end;
    return true;
  }

  succeeded(length: number): void {
    this.#errorSkip.reset();
    // A read that is cut short has met an error, which is the next one's to find.
    if (length >= this.length) this.#moveOn(0);
    const verdict = this.#speed.verdict;
    if (verdict === SPEED_GOOD) this.#slowSkip.reset();
    if (verdict !== SPEED_SLOW || this.#wanted.map.pass > SLOW_SKIPPING) return;
    this.#sawSlow = true;
    this.#moveOn(this.#slowSkip.take());
  }

  failed(): void {
    const { map } = this.#wanted;
    if (map.pass === 1) return this.#moveOn(this.#errorSkip.take());
    if (map.pass === LAST_PASS) return this.#moveOn(0);
    map.position = this.#isForward ? this.#runEnd : this.#runStart;
  }

  /** Goes on `skip` bytes behind the read, in the direction of the pass. */
  #moveOn(skip: number): void {
    const { map } = this.#wanted;
    map.position = this.#isForward
      ? Math.min(map.size, alignSkipped(this.offset + this.length + skip, skip))
      : Math.max(0, alignDown(this.offset - Math.min(skip, this.offset), skip > 0 ? CLUSTER : 1));
  }
}

/** Behind a skip reads begin on a multiple of CLUSTER, so that no piece is tried in two parts. */
function alignSkipped(position: number, skip: number): number {
  return skip > 0 ? alignUp(position, CLUSTER) : position;
}
