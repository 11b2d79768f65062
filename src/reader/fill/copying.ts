// Copying: reads what nobody has tried in large pieces, away from trouble first. Four passes, as GNU ddrescue
// has them (its manual, chapter "Algorithm"): 1 forwards and 2 backwards, with skips that grow, behind errors
// and over slow places; 3 forwards and 4 backwards through what was slow. Passes 2 to 4 read only what adjoins
// bytes that were read, and leave the rest of a wide hole at its first error. A piece that fails is left for
// trimming, and what no pass has tried for sweeping.
import { alignDown, alignUp } from "../../base/ranges.ts";
import { FAILED, FINISHED, maskOf, MISSING, NON_TRIED } from "../../map/statuses.ts";
import { DeadZones } from "./dead_zones.ts";
import type { PhaseWork } from "./phase_work.ts";
import { CLUSTER, type ReadSize } from "./read_size.ts";
import { firstErrorSkip, Skip } from "./skip.ts";
import { type Speed, SPEED_GOOD, SPEED_SLOW } from "./speed.ts";
import { SWEEPING_PASS } from "./sweeping.ts";
import type { Wanted } from "./wanted.ts";

/** Passes that skip slow places. */
export const SLOW_SKIPPING = 2;
const LAST_PASS = 4;
/** A hole of at most so many first skips is read to its other end although a piece of it has failed. */
const NARROW_SKIPS = 4;

/**
 * The copying phase: large pieces of non-tried areas, in ddrescue's passes. The map's position and pass
 * say how far it is.
 */
export class Copying implements PhaseWork {
  readonly #wanted: Wanted;
  readonly #readSize: ReadSize;
  readonly #speed: Speed;
  readonly #errorSkip: Skip;
  readonly #slowSkip: Skip;
  readonly #zones: DeadZones;
  #sawSlow = false;
  /** The last read of pass 1 has failed: in a zone that ends where zones are expected to end? */
  #lastFailed: "no" | "unexpectedly" | "as expected" = "no";
  /** Where pass 1 has landed behind a zone that is measured now, backwards; or -1. */
  #landed = -1;
  /** Ends of the run that the chosen read lies in. */
  #runStart = 0;
  #runEnd = 0;
  offset = 0;
  length = 0;

  constructor(wanted: Wanted, readSize: ReadSize, speed: Speed) {
    const { size } = wanted.map;
    this.#wanted = wanted;
    this.#readSize = readSize;
    this.#speed = speed;
    this.#errorSkip = Skip.behindErrors(size);
    this.#slowSkip = Skip.overSlowPlaces(size);
    this.#zones = new DeadZones(wanted.map);
    speed.begin(!this.#isForward);
  }

  get #isForward(): boolean {
    return this.#wanted.map.pass % 2 === 1;
  }

  next(): boolean {
    const { map } = this.#wanted;
    if (this.#landed >= 0 && this.#measure()) return true;
    for (; map.pass <= LAST_PASS; this.#beginNextPass()) {
      while (this.#findRun()) {
        if (map.pass === 1 || this.#isPromising()) {
          return this.#isForward ? this.#chooseFirst() : this.#chooseLast();
        }
        map.position = this.#isForward ? this.#wanted.end : this.#wanted.start;
      }
      if (!this.#wanted.has(NON_TRIED)) return false;
    }
    return false;
  }

  #findRun(): boolean {
    const { position } = this.#wanted.map;
    return this.#isForward
      ? this.#wanted.next(position, NON_TRIED)
      : this.#wanted.previous(position, NON_TRIED);
  }

  /**
   * Nothing has failed beside the end of the run that comes first in the direction of the pass, or the hole is
   * a narrow one.
   */
  #isPromising(): boolean {
    const { map, start, end } = this.#wanted;
    const beside = this.#isForward ? start - 1 : end;
    if (beside < 0 || beside >= map.size || (FAILED & maskOf(map.at(beside))) === 0) return true;
    return this.#isInNarrowHole(start);
  }

  #isInNarrowHole(offset: number): boolean {
    const { map } = this.#wanted;
    const start = Math.max(0, map.findBackward(offset, 0, maskOf(FINISHED)));
    const end = map.find(offset, map.size, maskOf(FINISHED));
    return (end < 0 ? map.size : end) - start <= NARROW_SKIPS * firstErrorSkip(map.size);
  }

  #beginNextPass(): void {
    const { map } = this.#wanted;
    // Passes 3 and 4 are for what was slow.
    const isOver = map.pass === LAST_PASS || map.pass === SLOW_SKIPPING && !this.#sawSlow;
    map.pass = isOver ? SWEEPING_PASS : map.pass + 1;
    map.position = this.#isForward ? 0 : map.size;
    this.#errorSkip.reset();
    this.#slowSkip.reset();
    this.#speed.begin(!this.#isForward);
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
    // What is measured lies behind the position.
    if (this.#landed < 0) this.#wanted.map.position = this.#isForward ? start : end;
    return true;
  }

  succeeded(length: number): void {
    if (this.#landed >= 0) return this.#speed.interrupt();
    this.#errorSkip.reset();
    if (this.#wanted.map.pass === 1) this.#land();
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
    if (this.#landed >= 0) return this.#endMeasuring();
    if (map.pass === 1) return this.#moveOn(this.#skipInZone());
    // Beside the failed piece nothing is good: only in a narrow hole the other pieces are worth a try.
    if (this.#isInNarrowHole(this.offset)) return this.#moveOn(0);
    map.position = this.#isForward ? this.#runEnd : this.#runStart;
  }

  /** How much to leave out behind a failed read of pass 1. */
  #skipInZone(): number {
    const { map } = this.#wanted;
    const end = this.offset + this.length;
    const start = Math.max(0, map.findBackward(this.offset, 0, maskOf(FINISHED)));
    const skip = this.#errorSkip.take();
    this.#zones.learn(start);
    const isFirst = start === this.offset;
    this.#lastFailed = "unexpectedly";
    if (!this.#zones.isSure || isFirst && this.#zones.expectsAccidents) return skip;
    if (this.#zones.isExpected(end - start)) this.#lastFailed = "as expected";
    return start + this.#zones.expectedLength(end - start) - end;
  }

  /** A read of pass 1 has succeeded: if it was the first behind a zone, should that be measured? */
  #land(): void {
    const { map } = this.#wanted;
    const before = this.#lastFailed;
    this.#lastFailed = "no";
    if (before === "no" || this.offset === 0 || map.at(this.offset - 1) !== NON_TRIED) return;
    const start = Math.max(0, map.findBackward(this.offset, 0, maskOf(FINISHED)));
    if (!this.#zones.isZone(start, this.offset)) return;
    if (before === "unexpectedly" || this.#zones.isStale) this.#landed = this.offset;
  }

  /** Goes back from where it has landed to the end of the zone, while nothing fails. */
  #measure(): boolean {
    const { map } = this.#wanted;
    const end = Math.max(0, map.findBackward(this.#landed, 0, MISSING));
    if (this.#wanted.previous(end, NON_TRIED) && this.#wanted.end === end) {
      return this.#chooseLast();
    }
    this.#endMeasuring();
    return false;
  }

  #endMeasuring(): void {
    this.#landed = -1;
    this.#speed.begin(false);
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
