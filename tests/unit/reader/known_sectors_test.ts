import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import { BAD_SECTOR, FINISHED, NON_TRIMMED } from "../../../src/map/statuses.ts";
import { KnownSectors } from "../../../src/reader/known_sectors.ts";

const SECTOR = 2048;
const SIZE = 1000 * SECTOR;

function offsets(known: KnownSectors, count = 2): number[] {
  return known.choose(count).map(({ offset }) => offset);
}

Deno.test("what this run has read is known to be good, the sectors that were read as a whole", () => {
  const known = new KnownSectors(FileMap.create(SIZE), SECTOR);
  known.note(10 * SECTOR + 5);
  assertEquals(known.choose(1), [{ offset: 10 * SECTOR, from: "this run" }]);
  known.note(500 * SECTOR);
  assertEquals(new Set(offsets(known)), new Set([10 * SECTOR, 500 * SECTOR]));
});

Deno.test("two places are never the same, and checks in a row read different ones", () => {
  const known = new KnownSectors(FileMap.create(SIZE), SECTOR);
  for (let sector = 0; sector < 900; sector++) known.note(sector * SECTOR);
  const chosen = Array.from({ length: 8 }, () => offsets(known));
  for (const [one, other] of chosen) assert(one !== other);
  assert(new Set(chosen.flat()).size > 8, `${chosen}`);
  // Some of the first half of the run, some of the last.
  assert(chosen.flat().some((offset) => offset < 450 * SECTOR));
  assert(chosen.flat().some((offset) => offset > 450 * SECTOR));
});

Deno.test("what earlier runs have read counts where this one has read nothing, whole sectors only", () => {
  const map = FileMap.create(SIZE);
  map.set(0, SIZE, BAD_SECTOR);
  map.set(100 * SECTOR + 512, 102 * SECTOR, FINISHED);
  map.set(700 * SECTOR, 700 * SECTOR + 512, FINISHED);
  const known = new KnownSectors(map, SECTOR);
  for (let turn = 0; turn < 20; turn++) {
    assertEquals(known.choose(2), [{ offset: 101 * SECTOR, from: "the map" }]);
  }
  known.note(5 * SECTOR);
  assertEquals(offsets(known), [5 * SECTOR, 101 * SECTOR]);
});

Deno.test("while nothing is known to be good, places that nobody has tried are spread over the device", () => {
  const map = FileMap.create(SIZE);
  map.set(0, SIZE / 10, NON_TRIMMED);
  const known = new KnownSectors(map, SECTOR);
  const chosen = Array.from({ length: 4 }, () => known.choose(2)).flat();
  for (const { offset, from } of chosen) {
    assert(from === "untried" && offset >= SIZE / 10 && offset % SECTOR === 0);
  }
  const sorted = chosen.map(({ offset }) => offset).sort((one, other) => one - other);
  assertEquals(new Set(sorted).size, 8);
  sorted.forEach((offset, index) => {
    if (index > 0) assert(offset - sorted[index - 1]! < SIZE / 3, `${sorted}`);
  });
});

Deno.test("where all was tried and nothing is good there is no place", () => {
  const map = FileMap.create(SIZE);
  map.set(0, SIZE, BAD_SECTOR);
  assertEquals(new KnownSectors(map, SECTOR).choose(2), []);
});

Deno.test("the last sector may be a short one", () => {
  const map = FileMap.create(3 * SECTOR + 100);
  map.set(3 * SECTOR, 3 * SECTOR + 100, FINISHED);
  const known = new KnownSectors(map, SECTOR);
  assertEquals(known.choose(2), [{ offset: 3 * SECTOR, from: "the map" }]);
});
