// A reader of map_stress_test.ts, a worker: asks and checks until it is told to stop, then says what it
// found wrong.

import { assert, assertEquals } from "@std/assert";
import { type Extent, FileMap } from "../../src/map/file_map.ts";
import { FINISHED, STATUS_COUNT } from "../../src/map/statuses.ts";
import { Random } from "./map_random.ts";
import {
  type Finding,
  LOOKS,
  type ReaderOrders,
  SECTOR,
  STOP,
  stripeStatuses,
} from "./map_stress_orders.ts";

self.onmessage = ({ data }: MessageEvent<ReaderOrders>) => {
  let finding: Finding = "";
  try {
    const control = new Int32Array(data.control);
    const reader = new Reader(FileMap.attach(data.map), new Random(data.seed), data.kind);
    while (Atomics.load(control, STOP) === 0) {
      for (let turn = 0; turn < 64; turn++) reader.look();
      Atomics.add(control, LOOKS, 64);
    }
  } catch (error) {
    finding = error instanceof Error ? error.stack ?? error.message : String(error);
  }
  self.postMessage(finding);
  self.close();
};

class Reader {
  readonly #map: FileMap;
  readonly #random: Random;
  readonly #stripes: boolean;
  readonly #run: Extent = { end: 0, status: 0 };
  #finished = 0;
  /** A range that was once finished; with a writer that only adds it stays so. */
  #known: [start: number, end: number] = [0, 0];

  constructor(map: FileMap, random: Random, kind: "stripes" | "adds") {
    this.#map = map;
    this.#random = random;
    this.#stripes = kind === "stripes";
  }

  look(): void {
    const map = this.#map;
    const run = this.#run;
    const sector = this.#random.below(map.size / SECTOR);
    const start = sector * SECTOR;
    map.extentAt(start, map.size, run);
    assert(run.end > start && run.end <= map.size && run.end % SECTOR === 0, `end ${run.end}`);
    this.#checkStatus(start, run.status);
    this.#checkStatus(run.end - SECTOR, run.status);
    this.#checkStatus(start, map.at(start));
    const mask = 1 << this.#random.below(STATUS_COUNT);
    const limit = Math.min(map.size, start + 4096 * SECTOR);
    const found = map.find(start, limit, mask);
    assert(found === -1 || found >= start && found < limit && found % SECTOR === 0, `${found}`);
    if (found >= 0) this.#checkStatus(found, Math.log2(mask));
    const foundEnd = map.findBackward(limit, start, mask);
    assert(foundEnd === -1 || foundEnd > start && foundEnd <= limit, `${foundEnd}`);
    if (foundEnd >= 0) this.#checkStatus(foundEnd - SECTOR, Math.log2(mask));
    if (!this.#stripes) this.#checkMonotonic(start, run);
  }

  #checkStatus(offset: number, status: number): void {
    const allowed = this.#stripes ? stripeStatuses(offset / SECTOR) : [FINISHED];
    assert(status === 0 || allowed.includes(status), `status ${status} at ${offset}`);
  }

  #checkMonotonic(start: number, run: Extent): void {
    const finished = this.#map.total(FINISHED);
    assert(finished >= this.#finished, `finished bytes fell from ${this.#finished} to ${finished}`);
    this.#finished = finished;
    assertEquals(this.#map.isFinished(...this.#known), true);
    if (run.status === FINISHED) this.#known = [start, run.end];
  }
}
