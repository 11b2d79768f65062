// Sectors to read again when it must be known whether the device answers: some that this run has read, spread over
// its time, then some that the map has from earlier runs. While there is none, untried sectors, spread
// over the device. Pure; of the reader's thread.
import { alignDown, alignUp } from "../base/ranges.ts";
import type { FileMap } from "../map/file_map.ts";
import { FINISHED, maskOf, NON_TRIED } from "../map/statuses.ts";

/** Sectors of this run that are remembered: enough that no two checks in a row read the same. */
const MOST = 32;
/** The golden section: its multiples are spread evenly over the device, however many there are. */
const GOLDEN = 0.6180339887498949;

/** A sector to read. */
export interface ProbeSector {
  readonly offset: number;
  /** This run has read it; an earlier run has, perhaps in another drive; no run has tried it. */
  readonly from: "this run" | "the map" | "untried";
}

/** Sectors that were readable before, for checks of whether the device still answers. */
export class KnownSectors {
  readonly #map: FileMap;
  readonly #sectorSize: number;
  readonly #read: number[] = [];
  /** Reads that could have been remembered, and the next one that will be. */
  #seen = 0;
  #next = 0;
  #turn = 0;
  /** Searches of the map so far. */
  #finished = 0;
  #untried = 0;

  constructor(map: FileMap, sectorSize: number) {
    this.#map = map;
    this.#sectorSize = sectorSize;
  }

  /** The sector at `offset` has been read. Every 1st, 2nd, 4th... is kept the longer, the more there are. */
  note(offset: number): void {
    if (this.#seen++ < this.#next) return;
    const index = this.#read.length < MOST ? this.#read.length : this.#turn++ % MOST;
    this.#read[index] = alignDown(offset, this.#sectorSize);
    // A sixteenth more each time, so the sectors come from all of the run, and mostly from its last half.
    this.#next = this.#seen + Math.floor(this.#seen / 16);
  }

  /** Whether this run has read anything. */
  get hasRead(): boolean {
    return this.#read.length > 0;
  }

  /** Up to `count` sectors for one check, in different parts of the device where that can be. */
  choose(count: number): ProbeSector[] {
    const sectors: ProbeSector[] = [];
    const add = (offset: number, from: ProbeSector["from"]) => {
      if (offset < 0 || sectors.some((sector) => sector.offset === offset)) return;
      sectors.push({ offset, from });
    };
    // One of this run first, so that an old `+` on a part that has died since decides nothing alone.
    for (let tries = 0; tries < MOST && this.#read.length > 0 && sectors.length < count; tries++) {
      add(this.#read[this.#turn++ * 7 % this.#read.length]!, "this run");
    }
    for (let tries = 0; tries < MOST && sectors.length < count; tries++) {
      add(this.#find(FINISHED, ++this.#finished), "the map");
    }
    if (sectors.length > 0) return sectors;
    for (let tries = 0; tries < MOST && sectors.length < count; tries++) {
      add(this.#find(NON_TRIED, ++this.#untried), "untried");
    }
    return sectors;
  }

  /** A whole sector of `status`, another one with each `turn`; -1: none was found. */
  #find(status: number, turn: number): number {
    const { size } = this.#map;
    const from = Math.floor(size * (turn * GOLDEN % 1));
    for (const [start, end] of [[from, size], [0, from]] as const) {
      const found = this.#map.find(start, end, maskOf(status));
      if (found < 0) continue;
      const sector = alignUp(found, this.#sectorSize);
      const sectorEnd = Math.min(sector + this.#sectorSize, size);
      if (sector < size && this.#map.find(sector, sectorEnd, ~maskOf(status) & 0x1f) < 0) {
        return sector;
      }
    }
    return -1;
  }
}
