import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { AssertionError } from "../../../src/base/assert.ts";
import { FileMap, FileMapFullError } from "../../../src/map/file_map.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_TRIED,
  NON_TRIMMED,
  type Phase,
  statusChar,
  statusOf,
} from "../../../src/map/statuses.ts";

/** A map with one byte for each character. */
function mapOf(picture: string): FileMap {
  const map = FileMap.create(picture.length);
  [...picture].forEach((character, at) => map.set(at, at + 1, statusOf(character)));
  return map;
}

function pictureOf(map: FileMap): string {
  return Array.from(
    map.ranges(),
    ({ start, end, status }) => statusChar(status).repeat(end - start),
  ).join("");
}

Deno.test("set gives a range a status and merges equal neighbours", () => {
  for (
    const [before, start, end, status, after, runs] of [
      ["????????", 0, 8, "+", "++++++++", 1],
      ["????????", 0, 3, "+", "+++?????", 2],
      ["????????", 5, 8, "-", "?????---", 2],
      ["????????", 3, 5, "*", "???**???", 3],
      ["+++?????", 3, 5, "+", "+++++???", 2],
      ["???+++??", 1, 3, "+", "?+++++??", 3],
      ["++?++???", 2, 3, "+", "+++++???", 2],
      ["+-*/?+-*", 1, 7, "/", "+//////*", 3],
      ["+-*/?+-*", 0, 8, "?", "????????", 1],
      ["+-+-+-+-", 1, 7, "+", "+++++++-", 2],
      ["+-+-+-+-", 2, 6, "-", "+-----+-", 4],
      ["++++++++", 3, 3, "?", "++++++++", 1],
      ["++++++++", 2, 6, "?", "++????++", 3],
      ["++????++", 2, 6, "+", "++++++++", 1],
    ] as const
  ) {
    const map = mapOf(before);
    map.set(start, end, statusOf(status));
    assertEquals(pictureOf(map), after);
    assertEquals(map.snapshot().positions.length, runs, after);
  }
});

Deno.test("a new map has not been tried", () => {
  const map = FileMap.create(1000);
  assertEquals(map.total(NON_TRIED), 1000);
  assertEquals(map.at(999), NON_TRIED);
  assertEquals([map.position, map.phase, map.pass], [0, "?", 1]);
});

Deno.test("a map of nothing has nothing in it", () => {
  const map = FileMap.create(0);
  assertEquals([...map.ranges()], []);
  assertEquals(map.isFinished(0, 0), true);
  assertEquals(map.find(0, 0, -1), -1);
  assertEquals(map.findBackward(0, 0, -1), -1);
  map.set(0, 0, FINISHED);
  assertEquals(map.total(FINISHED), 0);
});

Deno.test("offsets near 2^53 are exact", () => {
  const size = Number.MAX_SAFE_INTEGER;
  const map = FileMap.create(size);
  map.set(size - 3, size - 1, FINISHED);
  assertEquals(map.total(FINISHED), 2);
  assertEquals(map.total(NON_TRIED), size - 2);
  assertEquals(map.find(0, size, 1 << FINISHED), size - 3);
  assertEquals(map.findBackward(size, 0, 1 << FINISHED), size - 1);
});

Deno.test("isFinished wants each byte finished", () => {
  const map = mapOf("?++++-+?");
  for (
    const [start, end, expected] of [
      [1, 5, true],
      [2, 3, true],
      [0, 2, false],
      [4, 6, false],
      [1, 7, false],
      [6, 8, false],
      [3, 3, true],
      [0, 0, true],
    ] as const
  ) assertEquals(map.isFinished(start, end), expected, `${start} ${end}`);
});

Deno.test("run ends where the status changes, and at the limit", () => {
  const map = mapOf("??+++---");
  const run = { end: 0, status: 0 };
  map.extentAt(3, 8, run);
  assertEquals(run, { end: 5, status: FINISHED });
  map.extentAt(3, 4, run);
  assertEquals(run, { end: 4, status: FINISHED });
  map.extentAt(7, 8, run);
  assertEquals(run, { end: 8, status: BAD_SECTOR });
});

Deno.test("find looks forward and findBackward looks back, each only in its range", () => {
  const map = mapOf("??**+--*");
  for (
    const [mask, start, limit, found, foundBackward] of [
      ["*", 0, 8, 2, 8],
      ["*", 3, 8, 3, 8],
      ["*", 3, 7, 3, 4],
      ["*", 4, 7, -1, -1],
      ["-", 0, 6, 5, 6],
      ["?", 1, 2, 1, 2],
      ["?", 2, 8, -1, -1],
      ["?-", 0, 8, 0, 7],
      ["+-", 0, 5, 4, 5],
      ["/", 0, 8, -1, -1],
      ["", 0, 8, -1, -1],
      ["?*/-+", 3, 5, 3, 5],
      ["*", 3, 3, -1, -1],
    ] as const
  ) {
    const bits = [...mask].reduce((sum, character) => sum | 1 << statusOf(character), 0);
    assertEquals(map.find(start, limit, bits), found, `"${mask}" from ${start} to ${limit}`);
    assertEquals(
      map.findBackward(limit, start, bits),
      foundBackward,
      `"${mask}" back from ${limit}`,
    );
  }
});

Deno.test("find and findBackward cross any number of runs", () => {
  const size = 10_000;
  const map = FileMap.create(size);
  for (let at = 1; at < size; at += 2) map.set(at, at + 1, FINISHED);
  map.set(4, 5, BAD_SECTOR);
  assertEquals(map.findBackward(size, 0, 1 << BAD_SECTOR), 5);
  map.set(4, 5, NON_TRIED);
  map.set(9000, 9001, BAD_SECTOR);
  assertEquals(map.find(0, size, 1 << BAD_SECTOR), 9000);
  assertEquals(map.find(0, 9000, 1 << BAD_SECTOR), -1);
  assertEquals(map.findBackward(size, 9001, 1 << BAD_SECTOR), -1);
});

Deno.test("ranges are cut to what is asked", () => {
  assertEquals([...mapOf("??+++---").ranges(1, 6)], [
    { start: 1, end: 2, status: NON_TRIED },
    { start: 2, end: 5, status: FINISHED },
    { start: 5, end: 6, status: BAD_SECTOR },
  ]);
});

Deno.test("another thread's view of the memory sees what the writer does", () => {
  const writer = FileMap.create(100);
  const reader = FileMap.attach(writer.buffer);
  writer.set(10, 20, FINISHED);
  writer.position = 77;
  writer.phase = "*";
  writer.pass = 3;
  assertEquals(reader.size, 100);
  assertEquals(reader.isFinished(10, 20), true);
  assertEquals([reader.position, reader.phase, reader.pass], [77, "*", 3]);
  const { positions, statuses, position, phase, pass, size } = reader.snapshot();
  assertEquals([...positions], [0, 10, 20]);
  assertEquals([...statuses], [NON_TRIED, FINISHED, NON_TRIED]);
  assertEquals([position, phase, pass, size], [77, "*", 3, 100]);
});

Deno.test("the version changes with each change, and only then", () => {
  const map = FileMap.create(100);
  const changes: [what: string, change: () => void, changes: boolean][] = [
    ["a set", () => map.set(0, 10, FINISHED), true],
    ["the same set again", () => map.set(0, 10, FINISHED), false],
    ["an empty set", () => map.set(5, 5, BAD_SECTOR), false],
    ["a position", () => map.position = 7, true],
    ["a phase", () => map.phase = "-", true],
    ["a pass", () => map.pass = 2, true],
    ["a snapshot", () => map.snapshot(), false],
  ];
  for (const [what, change, isChange] of changes) {
    const before = map.version;
    change();
    assertEquals(map.version !== before, isChange, what);
  }
});

Deno.test("a snapshot does not change any more", () => {
  const map = FileMap.create(10);
  const snapshot = map.snapshot();
  map.set(0, 10, FINISHED);
  assertEquals([...snapshot.statuses], [NON_TRIED]);
});

Deno.test("a full map refuses a run more, stays as it was, and takes what needs no more room", () => {
  const map = FileMap.create(100, { maxTransitions: 4 });
  map.set(10, 20, FINISHED);
  map.set(99, 100, BAD_SECTOR);
  const before = pictureOf(map);
  const version = map.version;
  for (
    const [start, end, status] of [
      [50, 51, FINISHED],
      [12, 13, BAD_SECTOR],
      [0, 1, FINISHED],
      [15, 25, NON_TRIMMED],
    ] as const
  ) {
    const error = assertThrows(() => map.set(start, end, status), FileMapFullError);
    assertEquals((error as FileMapFullError).maxTransitions, 4);
    assertEquals(pictureOf(map), before);
    assertEquals(map.version, version);
    assertEquals(map.total(FINISHED), 10);
  }
  map.set(20, 30, FINISHED);
  map.set(0, 10, FINISHED);
  map.set(98, 99, FINISHED);
  assertEquals([...map.snapshot().positions], [0, 30, 98, 99]);
});

Deno.test("room follows from the size, the sectors and the boundaries between them", () => {
  assertEquals(FileMap.create(2 ** 30, { sectorSize: 2048 }).maxTransitions, 2 ** 19);
  assertEquals(FileMap.create(2 ** 30).maxTransitions, 2 ** 21);
  assertEquals(FileMap.create(2 ** 30, { strayBoundaries: 5 }).maxTransitions, 2 ** 21 + 5);
  assert(FileMap.create(1).maxTransitions >= 1000);
  assertEquals(FileMap.create(2 ** 50).maxTransitions, 2 ** 26);
});

Deno.test("a system that refuses much memory gets a smaller map", () => {
  const real = globalThis.SharedArrayBuffer;
  globalThis.SharedArrayBuffer = new Proxy(real, {
    construct(target, [bytes]) {
      if (bytes > 200e6) throw new RangeError("Array buffer allocation failed");
      return new target(bytes);
    },
  });
  try {
    const { maxTransitions } = FileMap.create(2 ** 50);
    assert(maxTransitions > 1e6 && maxTransitions < 2 ** 26, `${maxTransitions}`);
    assertThrows(() => FileMap.create(2 ** 50, { maxTransitions: 2 ** 26 }), RangeError);
  } finally {
    globalThis.SharedArrayBuffer = real;
  }
});

Deno.test("what is out of range is our own bug", () => {
  const map = FileMap.create(100);
  const wrong: (() => unknown)[] = [
    () => map.at(100),
    () => map.at(-1),
    () => map.isFinished(0, 101),
    () => map.isFinished(6, 5),
    () => map.isFinished(NaN, 5),
    () => map.set(0, 101, FINISHED),
    () => map.set(-1, 5, FINISHED),
    () => map.set(0.5, 5, FINISHED),
    () => map.set(0, 5, 5),
    () => map.set(0, 5, -1),
    () => map.extentAt(5, 5, { end: 0, status: 0 }),
    () => map.find(0, 200, 1),
    () => map.findBackward(200, 0, 1),
    () => [...map.ranges(0, 200)],
    () => map.phase = "x" as Phase,
    () => map.pass = 0,
    () => FileMap.create(-1),
    () => FileMap.create(1.5),
    () => FileMap.attach(new SharedArrayBuffer(4096)),
  ];
  const before = map.version;
  for (const call of wrong) assertThrows(call, AssertionError, undefined, String(call));
  assertEquals(map.version, before);
  assertNotEquals(map.snapshot().positions.length, 0);
});
