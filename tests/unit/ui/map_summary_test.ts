import { assertEquals } from "@std/assert";
import { BAD_SECTOR, FINISHED, NON_TRIED, NON_TRIMMED } from "../../../src/map/statuses.ts";
import type { Area } from "../../../src/ui/map_picture.ts";
import { summarizeMap } from "../../../src/ui/map_summary.ts";

function areas(...runs: [length: number, status: number][]): Area[] {
  let start = 0;
  return runs.map(([length, status]) => ({ start, end: start += length, status }));
}

Deno.test("neighbours without data are one hole, and the largest come first", () => {
  const map = areas(
    [10, NON_TRIED],
    [5, FINISHED],
    [10, NON_TRIED],
    [20, FINISHED],
    [5, NON_TRIMMED],
    [6, BAD_SECTOR],
    [1, FINISHED],
    [1, BAD_SECTOR],
  );
  assertEquals(summarizeMap(map, 3), {
    totals: [20, 5, 0, 7, 26],
    counts: [2, 1, 0, 2, 3],
    holeCount: 4,
    largestHoles: [{ start: 45, end: 56 }, { start: 0, end: 10 }, { start: 15, end: 25 }],
  });
});

Deno.test("a map without areas adds up to nothing", () => {
  const nothing = [0, 0, 0, 0, 0];
  assertEquals(summarizeMap([], 3), {
    totals: nothing,
    counts: nothing,
    holeCount: 0,
    largestHoles: [],
  });
});
