// Marks that can be taken back: what the map says then, and what main may save meanwhile.
import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import { type MapSnapshot, withStatuses } from "../../../src/map/map_snapshot.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Status,
  statusChar,
} from "../../../src/map/statuses.ts";
import { UnprovedMarks } from "../../../src/map/unproved_marks.ts";
import { chooseSeed, Random } from "../../model/map_random.ts";

function picture({ positions, statuses, size }: MapSnapshot): string {
  return Array.from(
    positions,
    (start, index) => statusChar(statuses[index]!) + ((positions[index + 1] ?? size) - start),
  ).join(" ");
}

/** Marks as a publisher does. */
function mark(map: FileMap, marks: UnprovedMarks, start: number, end: number, status: Status) {
  for (const run of [...map.ranges(start, end)]) {
    marks.note(run.start, run.end, run.status);
    map.set(run.start, run.end, status);
  }
}

function make(size: number, maxTransitions = 100): { map: FileMap; marks: UnprovedMarks } {
  const map = FileMap.create(size, { maxTransitions });
  return { map, marks: new UnprovedMarks(UnprovedMarks.createMemory(), map) };
}

Deno.test("what is taken back is as it was, with phase, pass and position; what was read stays", () => {
  const { map, marks } = make(100);
  map.set(90, 100, BAD_SECTOR);
  map.phase = "*";
  map.pass = 2;
  map.position = 7;
  marks.begin();
  mark(map, marks, 0, 100, NON_TRIMMED);
  mark(map, marks, 10, 11, BAD_SECTOR);
  map.set(20, 30, FINISHED);
  mark(map, marks, 11, 20, NON_SCRAPED);
  map.phase = "/";
  map.pass = 1;
  map.position = 50;
  marks.takeBack();
  assertEquals(picture(map.snapshot()), "?20 +10 ?60 -10");
  assertEquals([map.phase, map.pass, map.position], ["*", 2, 7]);
  assertEquals(marks.isInDoubt, false);
});

Deno.test("what is unproved is not saved; what is proved is", () => {
  const { map, marks } = make(100);
  map.position = 3;
  mark(map, marks, 0, 10, BAD_SECTOR);
  marks.begin();
  mark(map, marks, 20, 30, NON_TRIMMED);
  mark(map, marks, 20, 21, BAD_SECTOR);
  map.position = 60;
  map.set(25, 27, FINISHED);
  const saved = marks.snapshot();
  assertEquals([picture(saved), saved.position], ["-10 ?15 +2 ?73", 3]);
  marks.proved();
  const later = marks.snapshot();
  assertEquals([picture(later), later.position], ["-10 ?10 -1 *4 +2 *3 ?70", 60]);
});

Deno.test("a failure that marks nothing still keeps the position from being saved", () => {
  const { map, marks } = make(100);
  map.position = 3;
  marks.begin();
  map.position = 60;
  assertEquals(marks.snapshot().position, 3);
  marks.takeBack();
  assertEquals(map.position, 3);
});

Deno.test("marks are bounded, and without a doubt none is remembered", () => {
  const { map, marks } = make(10_000, 10_000);
  for (let at = 0; at < 1000; at++) marks.note(at, at + 1, NON_TRIED);
  assert(marks.hasRoom);
  marks.begin();
  let count = 0;
  for (; marks.hasRoom; count++) mark(map, marks, 2 * count, 2 * count + 1, BAD_SECTOR);
  assertEquals(count, 512);
  marks.takeBack();
  assertEquals(picture(map.snapshot()), "?10000");
});

Deno.test("in a map that is full no mark stays that was taken back", () => {
  const { map, marks } = make(100, 3);
  map.set(40, 50, BAD_SECTOR);
  marks.begin();
  mark(map, marks, 50, 60, BAD_SECTOR);
  map.set(60, 100, FINISHED);
  assertEquals(picture(map.snapshot()), "?40 -20 +40");
  // To cut the run in two would take a fourth.
  marks.takeBack();
  assertEquals(picture(map.snapshot()), "?60 +40");
});

Deno.test("ranges as they were: the first of those that overlap counts, and `+` stays", () => {
  const { map } = make(100);
  map.set(0, 60, BAD_SECTOR);
  map.set(50, 70, FINISHED);
  const before = [
    { start: 10, end: 20, status: NON_TRIMMED },
    { start: 0, end: 30, status: NON_TRIED },
    { start: 25, end: 80, status: NON_SCRAPED },
  ];
  assertEquals(picture(withStatuses(map.snapshot(), before)), "?10 *10 ?10 /20 +20 /10 ?20");
  assertEquals(picture(withStatuses(map.snapshot(), [])), "-50 +20 ?30");
});

Deno.test("random marks: what is saved, and what is there after they were taken back, is what was before", () => {
  const seed = chooseSeed();
  for (let round = 0; round < 300; round++) {
    const random = new Random(seed + round);
    const size = 1 + random.below(200);
    const { map, marks } = make(size, 1000);
    const range = (): [number, number] => {
      const start = random.below(size);
      return [start, start + 1 + random.below(Math.min(size - start, random.pick([1, 10, 200])))];
    };
    for (let count = random.below(20); count > 0; count--) map.set(...range(), random.below(5));
    const before = Array.from({ length: size }, (_, at) => map.at(at));
    marks.begin();
    for (let count = random.below(30); count > 0; count--) {
      const [start, end] = range();
      if (random.once(4)) {
        map.set(start, end, FINISHED);
        before.fill(FINISHED, start, end);
        continue;
      }
      for (const run of [...map.ranges(start, end)]) {
        if (run.status === FINISHED || !marks.hasRoom) continue;
        mark(map, marks, run.start, run.end, random.below(4));
      }
    }
    const expected = FileMap.create(size, { maxTransitions: 1000 });
    before.forEach((status, at) => expected.set(at, at + 1, status));
    const context = `round ${round}`;
    assertEquals(picture(marks.snapshot()), picture(expected.snapshot()), context);
    marks.takeBack();
    assertEquals(picture(map.snapshot()), picture(expected.snapshot()), context);
  }
});
