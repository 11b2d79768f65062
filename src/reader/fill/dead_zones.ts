// What a dead head teaches: where the zones end that it cannot read. A drive writes some tracks with one head,
// then with the next, so the zones of a dead head return, and most are as long as earlier ones.
//
// All of it is read from the map each time, so that a run that goes on knows what the one before knew: a wide
// hole before the present one is a zone, and what was read between two zones is a gap. A zone's length is known
// when something has failed right before its end. A jump goes as far as the longest zone that could end there,
// and never so far that a gap of the shortest kind could be jumped over: what is jumped too far is read
// backwards later and costs no failing read, but a gap that is not seen is lost among the bad ones.
import type { FileMap } from "../../map/file_map.ts";
import { FAILED, FINISHED, maskOf, MISSING, NON_TRIED } from "../../map/statuses.ts";
import { CLUSTER, LARGEST } from "./read_size.ts";
import { firstErrorSkip } from "./skip.ts";

/** Shorter holes are no zones, bytes: a head writes some tracks before the next one takes over. */
const LEAST_ZONE = 2 * 1_048_576;
/** Zones that are looked back at, and holes of any kind. */
const MOST_ZONES = 32;
const MOST_HOLES = 128;
/** Zones whose lengths must be known before they count. */
const LEAST_KNOWN = 3;
/** After so many zones of unknown length one is measured. */
const MEASURED_EVERY = 8;
/** Zones of less than this fraction of the middle length are accidents. */
const ACCIDENT = 1 / 4;
/** Holes of one failing read, for each zone, from which on a first failure may be one of them. */
const MANY_ACCIDENTS = 1 / 4;
/** How much longer than the longest one a zone is taken to be. */
const ALLOWANCE = 1 / 16;
/** How much of the shortest gap may be jumped over. */
const GAP_USED = 0.8;
/** Step after the longest known zone, as a fraction of the shortest gap. */
const STEP = 0.5;

/** Knows the zones before a hole. */
export class DeadZones {
  readonly #map: FileMap;
  /** Holes up to this length are not taken for zones, bytes. */
  readonly #narrow: number;
  /** Lengths of the zones that are known, ascending. */
  readonly #lengths: number[] = [];
  #zones = 0;
  #accidents = 0;
  #unmeasured = 0;
  #shortestGap = Infinity;

  constructor(map: FileMap) {
    this.#map = map;
    this.#narrow = Math.max(LEAST_ZONE, 2 * firstErrorSkip(map.size) + LARGEST);
  }

  /** Looks at what lies before the hole that begins at `start`. */
  learn(start: number): void {
    this.#lengths.length = 0;
    this.#zones = this.#accidents = this.#unmeasured = 0;
    const gaps: number[] = [];
    const map = this.#map;
    let at = start;
    let nextZone = -1;
    for (let holes = 0; holes < MOST_HOLES && this.#zones < MOST_ZONES; holes++) {
      const end = map.findBackward(at, 0, MISSING);
      if (end < 0) break;
      at = Math.max(0, map.findBackward(end, 0, maskOf(FINISHED)));
      // Nobody has tried it: no zone, and no gap.
      if (map.at(at) === NON_TRIED) {
        nextZone = -1;
        continue;
      }
      if (!this.isZone(at, end)) {
        this.#accidents++;
        continue;
      }
      if (nextZone >= 0) gaps.push(nextZone - end);
      nextZone = at;
      this.#addZone(end - at, end - map.findBackward(end, at, FAILED) < 2 * CLUSTER);
    }
    this.#lengths.sort((a, b) => a - b);
    const least = ACCIDENT * (this.#lengths[this.#lengths.length >> 1] ?? 0);
    while (this.#lengths.length > 0 && this.#lengths[0] < least) this.#lengths.shift();
    this.#shortestGap = Math.min(...gaps);
  }

  #addZone(length: number, isKnown: boolean): void {
    this.#zones++;
    if (isKnown) this.#lengths.push(length);
    else if (this.#lengths.length === 0) this.#unmeasured++;
  }

  /** Whether a hole is long enough to be a zone. */
  isZone(start: number, end: number): boolean {
    return end - start > this.#narrow;
  }

  /** Enough zones are known. */
  get isSure(): boolean {
    return this.#lengths.length >= LEAST_KNOWN && this.#shortestGap < Infinity;
  }

  /** What is known of the lengths is old. */
  get isStale(): boolean {
    return this.#unmeasured >= MEASURED_EVERY;
  }

  /** A first failure may well be a bad sector that is alone. */
  get expectsAccidents(): boolean {
    return this.#accidents > MANY_ACCIDENTS * this.#zones;
  }

  /** A zone of known length may end behind its first `failed` bytes. */
  isExpected(failed: number): boolean {
    return this.#lengths.some((length) => length > failed);
  }

  /** How long to take a zone for whose first `failed` bytes are bad. */
  expectedLength(failed: number): number {
    const next = this.#lengths.find((length) => length > failed);
    if (next === undefined) return failed + Math.max(CLUSTER, STEP * this.#shortestGap);
    const most = next + GAP_USED * this.#shortestGap;
    const longest = this.#lengths.findLast((length) => length <= most) ?? next;
    return Math.min(most, longest * (1 + ALLOWANCE));
  }
}
