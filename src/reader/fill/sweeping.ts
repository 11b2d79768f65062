// Sweeping: what copying has left out lies inside areas where everything has failed so far, and most of it is
// bad. So it comes last, and in the order of what a failing read is likely to bring:
//
//   grow     non-tried areas that adjoin what was read
//   sample   some pieces behind failed pieces that adjoin what was read: are those areas bad at all?
//   trim     the sectors of failed pieces that adjoin what was read, up to the first bad one on each side
//   look on  the sector behind that one, in narrow holes: bad sectors are often alone
//   check    the piece behind each failed piece that adjoins what was read: the failed one may be an accident
//   look on  the same in wide holes
//   probe    the middle of the widest non-tried areas, then of their halves, down to a size
//   sweep    all the rest, forwards
//
// What a check, a probe or a sweep finds is an island: it is grown and trimmed before anything else is tried.
// Where the sample is good, the head is a weak one: whole pieces bring more than sectors, and come first.
//
// ddrescue has all that, but for samples, checks and probes, in its pass 2, trimming and sweeping. In the map it
// is pass 5 of copying at position 0, which any ddrescue goes on from: 1.27 does not know the phase `%`.
// The map says for each of these what is left of it, so after a stop it begins again at no cost.
import { alignDown, alignUp } from "../../base/ranges.ts";
import {
  FINISHED,
  maskOf,
  MISSING,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Status,
} from "../../map/statuses.ts";
import { type EdgeKind, Edges } from "./edges.ts";
import type { PhaseWork } from "./phase_work.ts";
import { CLUSTER } from "./read_size.ts";
import type { Wanted } from "./wanted.ts";

/** The pass of copying in the map. */
export const SWEEPING_PASS = 5;
/** Non-tried areas are probed down to this fraction of the device, and to so many bytes. */
const PROBED_FRACTION = 2 ** 18;
const LEAST_PROBED = 16 * CLUSTER;

function edge(status: Status, behindBadSector: boolean, widest: number): EdgeKind {
  return { status, behindBadSector, widest };
}
/** Pieces in a sample, and how many of them are good where a head is a weak one. */
const SAMPLES = 8;
const GOOD_SAMPLES = 3;
const PLAIN_EDGES = [NON_TRIMMED, NON_SCRAPED].map((status) => edge(status, false, Infinity));

type Stages = readonly (() => boolean)[];

/**
 * The sweeping phase: non-tried areas that copying has left, those first that may be good.
 */
export class Sweeping implements PhaseWork {
  readonly #wanted: Wanted;
  readonly #edges: Edges;
  /** For areas that are mostly bad, and for those that are mostly good. */
  readonly #plans: { readonly bad: Stages; readonly good: Stages };
  #stages: Stages;
  #stage = 0;
  /** How far the stage is. */
  #at = 0;
  /** Areas that are wider are probed. */
  #probed = Infinity;
  /** An offset of what the last read has found, or -1. */
  #island = -1;
  #isAtEdge = false;
  #isSampling = false;
  #samples = 0;
  #goodSamples = 0;
  offset = 0;
  length = 0;

  /** @param mark changes the map. */
  constructor(
    wanted: Wanted,
    sectorSize: number,
    mark: (start: number, end: number, status: Status) => void,
  ) {
    this.#wanted = wanted;
    this.#edges = new Edges(wanted, sectorSize, mark);
    const edges = (kind: EdgeKind) => () => this.#nextEdge(kind);
    const start = [() => this.#grow(), () => this.#sample()];
    const trim = PLAIN_EDGES.map(edges);
    const lookOn = edges(edge(NON_SCRAPED, true, CLUSTER));
    const check = () => this.#check();
    const lookOnInWide = edges(edge(NON_SCRAPED, true, Infinity));
    const probe = () => this.#probe();
    const sweep = () => this.#sweep();
    this.#plans = {
      bad: [...start, ...trim, lookOn, check, lookOnInWide, probe, sweep],
      good: [...start, check, probe, sweep, ...trim],
    };
    this.#stages = this.#plans.bad;
  }

  /** The map has changed otherwise than by these reads. */
  restart(): void {
    this.#island = -1;
    this.#samples = this.#goodSamples = 0;
    this.#stages = this.#plans.bad;
    this.#begin(0);
  }

  get #isMostlyGood(): boolean {
    return this.#stages === this.#plans.good;
  }

  next(): boolean {
    const { map } = this.#wanted;
    if (map.pass !== SWEEPING_PASS) return false;
    if (map.position !== 0) map.position = 0;
    if (this.#growIsland()) return true;
    do {
      for (; this.#stage < this.#stages.length; this.#begin(this.#stage + 1)) {
        if (this.#stages[this.#stage]()) return true;
      }
      this.restart();
    } while (this.#wanted.has(NON_TRIED));
    return false;
  }

  #begin(stage: number): void {
    this.#stage = stage;
    this.#at = 0;
    this.#probed = Infinity;
  }

  // --- stages ---------------------------------------------------------------------------------------

  #grow(): boolean {
    while (this.#wanted.next(this.#at, NON_TRIED)) {
      const { map, start, end } = this.#wanted;
      this.#at = start;
      if (start > 0 && map.at(start - 1) === FINISHED) return this.#chooseFirst(start, end);
      if (end < map.size && map.at(end) === FINISHED) return this.#chooseLast(start, end);
      this.#at = end;
    }
    return false;
  }

  #sample(): boolean {
    const { map } = this.#wanted;
    for (; this.#samples < SAMPLES; this.#samples++) {
      const from = Math.floor(map.size * this.#samples / SAMPLES);
      if (from > this.#at) this.#at = this.#endOfUntried(from);
      if (!this.#check()) continue;
      this.#isSampling = true;
      return true;
    }
    if (this.#goodSamples >= GOOD_SAMPLES) this.#stages = this.#plans.good;
    return false;
  }

  /** Where the non-tried area ends that holds `offset`, or `offset` when none does. */
  #endOfUntried(offset: number): number {
    const isInside = this.#wanted.next(offset, NON_TRIED) && this.#wanted.start === offset;
    return isInside ? this.#wanted.end : offset;
  }

  #nextEdge(kind: EdgeKind): boolean {
    const at = this.#edges.next(this.#at, this.#wanted.map.size, kind);
    if (at < 0) return false;
    this.#at = at;
    return this.#chooseEdge();
  }

  #check(): boolean {
    while (this.#wanted.next(this.#at, NON_TRIED)) {
      const { map, start, end } = this.#wanted;
      this.#at = start;
      const before = map.findBackward(start, 0, maskOf(FINISHED));
      if (before >= 0 && start - before < 2 * CLUSTER) return this.#chooseFirst(start, end);
      const behind = map.find(end, map.size, maskOf(FINISHED));
      if (behind >= 0 && behind - end < 2 * CLUSTER) return this.#chooseLast(start, end);
      this.#at = end;
    }
    return false;
  }

  #probe(): boolean {
    const { map } = this.#wanted;
    const least = Math.max(LEAST_PROBED, map.size / PROBED_FRACTION);
    if (this.#probed === Infinity) this.#probed = map.size / 2;
    for (; this.#probed >= least; this.#probed /= 2, this.#at = 0) {
      while (this.#wanted.next(this.#at, NON_TRIED)) {
        const { start, end } = this.#wanted;
        this.#at = end;
        if (end - start <= this.#probed) continue;
        const middle = alignDown(start + (end - start) / 2, CLUSTER);
        this.#at = middle;
        return this.#choose(Math.max(start, middle), Math.min(end, middle + CLUSTER));
      }
    }
    return false;
  }

  #sweep(): boolean {
    if (!this.#wanted.next(this.#at, NON_TRIED)) return false;
    this.#at = this.#wanted.start;
    return this.#chooseFirst(this.#wanted.start, this.#wanted.end);
  }

  // --- islands --------------------------------------------------------------------------------------

  /** Reads on beside what was found, on both sides. */
  #growIsland(): boolean {
    const { map } = this.#wanted;
    if (this.#island < 0) return false;
    if (map.at(this.#island) !== FINISHED) return this.#leaveIsland();
    const start = Math.max(0, map.findBackward(this.#island + 1, 0, MISSING));
    const found = map.find(this.#island, map.size, MISSING);
    const end = found < 0 ? map.size : found;
    if (this.#wanted.previous(start, NON_TRIED) && this.#wanted.end === start) {
      return this.#chooseLast(this.#wanted.start, start);
    }
    if (this.#wanted.next(end, NON_TRIED) && this.#wanted.start === end) {
      return this.#chooseFirst(end, this.#wanted.end);
    }
    // Trimming brings less than other pieces do, where those are mostly good.
    if (this.#isMostlyGood) return this.#leaveIsland();
    const from = Math.max(0, alignDown(start - CLUSTER, CLUSTER));
    const to = Math.min(map.size, end + 1);
    for (const kind of PLAIN_EDGES) {
      if (this.#edges.next(from, to, kind) >= 0) return this.#chooseEdge();
    }
    return this.#leaveIsland();
  }

  #leaveIsland(): false {
    this.#island = -1;
    return false;
  }

  // --- reads ----------------------------------------------------------------------------------------

  #chooseFirst(start: number, end: number): true {
    return this.#choose(start, Math.min(end, alignDown(start + CLUSTER, CLUSTER)));
  }

  #chooseLast(start: number, end: number): true {
    return this.#choose(Math.max(start, alignUp(end - CLUSTER, CLUSTER)), end);
  }

  #choose(start: number, end: number): true {
    this.#isAtEdge = this.#isSampling = false;
    this.offset = start;
    this.length = end - start;
    return true;
  }

  #chooseEdge(): true {
    this.#choose(this.#edges.offset, this.#edges.offset + this.#edges.length);
    return this.#isAtEdge = true;
  }

  succeeded(length: number): void {
    if (this.#isAtEdge) this.#edges.succeeded(length);
    this.#island = this.offset;
    this.#endSample(1);
  }

  failed(): void {
    this.#endSample(0);
    if (this.#isAtEdge) this.#edges.failed();
  }

  #endSample(good: number): void {
    if (!this.#isSampling) return;
    this.#samples++;
    this.#goodSamples += good;
  }
}
