// FileMap against an array with one status for each byte: what the two say must never differ.

import { assert, assertEquals } from "@std/assert";
import { type Extent, FileMap, FileMapFullError } from "../../src/map/file_map.ts";
import { FINISHED, STATUS_COUNT } from "../../src/map/statuses.ts";
import { chooseSeed, Random } from "./map_random.ts";

/** The same as FileMap, the slow and obvious way. */
class Model {
  readonly bytes: Uint8Array;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  runEnd(offset: number, limit: number): number {
    let end = offset + 1;
    while (end < limit && this.bytes[end] === this.bytes[offset]) end++;
    return end;
  }

  find(start: number, limit: number, mask: number): number {
    for (let at = start; at < limit; at++) if (mask >> this.bytes[at] & 1) return at;
    return -1;
  }

  findBackward(end: number, limit: number, mask: number): number {
    for (let at = end; at > limit; at--) if (mask >> this.bytes[at - 1] & 1) return at;
    return -1;
  }

  runs(): [position: number, status: number][] {
    const runs: [number, number][] = [];
    for (let at = 0; at < this.bytes.length; at = this.runEnd(at, this.bytes.length)) {
      runs.push([at, this.bytes[at]]);
    }
    return runs;
  }
}

function checkSame(map: FileMap, model: Model): void {
  const snapshot = map.snapshot();
  const runs = Array.from(snapshot.positions, (at, index) => [at, snapshot.statuses[index]]);
  assertEquals(runs, model.runs());
  const totals = new Array(STATUS_COUNT).fill(0);
  for (const status of model.bytes) totals[status]++;
  assertEquals(totals.map((_, status) => map.total(status)), totals);
}

function checkQuestions(map: FileMap, model: Model, random: Random): void {
  const size = map.size;
  const run: Extent = { end: 0, status: 0 };
  const [start, end] = range(random, size, 20);
  const mask = random.below(1 << STATUS_COUNT);
  assertEquals(map.at(start), model.bytes[start]);
  map.extentAt(start, end, run);
  assertEquals(run, { end: model.runEnd(start, end), status: model.bytes[start] });
  assertEquals(map.isFinished(start, end), model.find(start, end, ~(1 << FINISHED)) < 0);
  assertEquals(map.find(start, end, mask), model.find(start, end, mask));
  assertEquals(map.findBackward(end, start, mask), model.findBackward(end, start, mask));
  let at = start;
  for (const area of map.ranges(start, end)) {
    const expected = { start: at, end: model.runEnd(at, end), status: model.bytes[at] };
    assertEquals(area, expected);
    at = area.end;
  }
  assertEquals(at, end);
}

/** Mostly short; once in `wide` anything up to all of it. Not empty. */
function range(random: Random, size: number, wide: number): [start: number, end: number] {
  const start = random.below(size);
  const longest = random.once(wide) ? size - start : Math.min(size - start, 1 + random.below(4));
  return [start, start + 1 + random.below(longest)];
}

const SEED = chooseSeed();

// One range in `wide` may be as wide as the map: rare ones let the runs fill many chunks, frequent ones
// empty them again.
for (
  const { size, maxTransitions, sets, wide, lives } of [
    { size: 1, maxTransitions: 4, sets: 20, wide: 2, lives: 5 },
    { size: 40, maxTransitions: 6, sets: 3000, wide: 20, lives: 3 },
    { size: 3000, maxTransitions: 3000, sets: 20_000, wide: 100, lives: 2 },
    { size: 20_000, maxTransitions: 20_001, sets: 100_000, wide: 1000, lives: 1 },
    { size: 20_000, maxTransitions: 6000, sets: 60_000, wide: 5000, lives: 1 },
  ]
) {
  const name = `${size} bytes, at most ${maxTransitions} runs, one wide set in ${wide}`;
  Deno.test(`a map is what an array says: ${name}`, () => {
    const random = new Random(SEED ^ size ^ maxTransitions);
    let refusals = 0;
    for (let life = 0; life < lives; life++) {
      const map = FileMap.create(size, { maxTransitions });
      const reader = FileMap.attach(map.buffer);
      const model = new Model(size);
      for (let step = 0; step < sets; step++) {
        const [start, end] = range(random, size, wide);
        const status = random.below(STATUS_COUNT);
        const before = model.bytes.slice(start, end);
        model.bytes.fill(status, start, end);
        try {
          map.set(start, end, status);
        } catch (error) {
          if (!(error instanceof FileMapFullError)) throw error;
          refusals++;
          if (refusals % 64 === 1) assert(model.runs().length > maxTransitions, "there was room");
          model.bytes.set(before, start);
        }
        if (step % 16 === 0) checkQuestions(reader, model, random);
        if (step % 4096 === 0) checkSame(reader, model);
      }
      checkSame(reader, model);
    }
    if (maxTransitions < size / 2) assert(refusals > 0, "the map was never full");
  });
}
