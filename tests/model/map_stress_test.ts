// FileMap with real threads: a writer that never rests, readers that check every answer, and this thread,
// which takes snapshots. A view that mixes two states of the map would be an impossible one.

import { assert, assertEquals } from "@std/assert";
import { FileMap, type MapSnapshot } from "../../src/map/file_map.ts";
import { FINISHED, STATUS_COUNT } from "../../src/map/statuses.ts";
import { chooseSeed } from "./map_random.ts";
import {
  CONTROL_BYTES,
  type Finding,
  LOOKS,
  SECTOR,
  STOP,
  stripeStatuses,
  WRITES,
} from "./map_stress_orders.ts";

const SEED = chooseSeed();

/** Sorted, merged, whole. @returns the bytes of each status. */
function checkSnapshot({ size, positions, statuses }: MapSnapshot): number[] {
  assertEquals(positions.length, statuses.length);
  assertEquals(positions[0], 0);
  const totals = new Array(STATUS_COUNT).fill(0);
  for (let index = 0; index < positions.length; index++) {
    const end = index + 1 < positions.length ? positions[index + 1] : size;
    // Plain comparisons: there are a million of them.
    if (!(end > positions[index] && statuses[index] !== statuses[index + 1])) {
      throw new Error(`run ${index} at ${positions[index]} ends at ${end}, or is not merged`);
    }
    totals[statuses[index]] += end - positions[index];
  }
  assertEquals(totals.reduce((sum, bytes) => sum + bytes), size);
  return totals;
}

function checkStripes({ positions, statuses }: MapSnapshot): void {
  for (let index = 0; index < positions.length; index++) {
    if (statuses[index] === 0) continue;
    const allowed = stripeStatuses(positions[index] / SECTOR);
    if (!allowed.includes(statuses[index])) throw new Error(`torn at ${positions[index]}`);
  }
}

/** One that was taken later has at least what was finished before. */
function checkOnlyAdded(before: MapSnapshot, after: MapSnapshot): void {
  let at = 0;
  for (let index = 0; index < before.positions.length; index++) {
    if (before.statuses[index] !== FINISHED) continue;
    const end = before.positions[index + 1] ?? before.size;
    while ((after.positions[at + 1] ?? after.size) <= before.positions[index]) at++;
    const whole = after.statuses[at] === FINISHED && (after.positions[at + 1] ?? after.size) >= end;
    if (!whole) throw new Error(`lost what was finished at ${before.positions[index]}`);
  }
}

function workerOf(file: string): Worker {
  return new Worker(new URL(file, import.meta.url), { type: "module" });
}

function findingOf(worker: Worker): Promise<Finding> {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<Finding>) => resolve(data);
    worker.onerror = (event) => resolve(event.message);
  });
}

for (
  const { kind, sectors, longest, pauseMs, fill, milliseconds } of [
    { kind: "stripes", sectors: 256, longest: 8, pauseMs: 0, fill: 0, milliseconds: 300 },
    { kind: "stripes", sectors: 20_000, longest: 64, pauseMs: 0, fill: 0, milliseconds: 500 },
    { kind: "adds", sectors: 400_000, longest: 3, pauseMs: 0, fill: 0, milliseconds: 500 },
    { kind: "stripes", sectors: 2_000_000, longest: 2, pauseMs: 0, fill: 1e6, milliseconds: 1000 },
    { kind: "stripes", sectors: 2_000_000, longest: 2, pauseMs: 1, fill: 1e6, milliseconds: 500 },
  ] as const
) {
  const name = `${kind}, ${sectors} sectors, ${fill} runs at first, ${pauseMs} ms between bursts`;
  Deno.test(`readers see only whole changes: ${name}`, async () => {
    const map = FileMap.create(sectors * SECTOR);
    for (let run = 0; run < fill; run++) {
      if (run % 2 === 0) continue;
      const sector = Math.floor(run * sectors / fill);
      map.set(sector * SECTOR, (sector + 1) * SECTOR, stripeStatuses(sector)[0]);
    }
    const control = new SharedArrayBuffer(CONTROL_BYTES);
    const words = new Int32Array(control);
    const writer = workerOf("./map_stress_writer.ts");
    const readers = [workerOf("./map_stress_reader.ts"), workerOf("./map_stress_reader.ts")];
    const findings = [writer, ...readers].map(findingOf);
    const orders = { map: map.buffer, control, kind };
    writer.postMessage({ ...orders, seed: SEED, longest, pauseMs });
    readers.forEach((reader, index) => reader.postMessage({ ...orders, seed: SEED + 1 + index }));

    let snapshots = 0;
    let mostRuns = 0;
    let last: MapSnapshot | undefined;
    try {
      // The clock starts when all of them are at work.
      while (Atomics.load(words, WRITES) === 0 || Atomics.load(words, LOOKS) === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const end = performance.now() + milliseconds;
      while (performance.now() < end) {
        const snapshot = map.snapshot();
        checkSnapshot(snapshot);
        if (kind === "stripes") checkStripes(snapshot);
        else if (last) checkOnlyAdded(last, snapshot);
        last = snapshot;
        mostRuns = Math.max(mostRuns, snapshot.positions.length);
        snapshots++;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      Atomics.store(words, STOP, 1);
      Atomics.notify(words, STOP);
    }
    assertEquals(await Promise.all(findings), ["", "", ""]);
    const totals = checkSnapshot(map.snapshot());
    assertEquals(totals, totals.map((_, status) => map.total(status)));
    assert(snapshots > 0, "no snapshot succeeded");
    console.log(
      `${snapshots} snapshots of up to ${mostRuns} runs; ` +
        `${words[WRITES]} sets, ${words[LOOKS]} looks of the readers`,
    );
  });
}
