import { assertEquals } from "@std/assert";
import { withDomain } from "../../../src/map/map_view.ts";
import { nextLines, nextPhases } from "../../../src/ui/map_next.ts";
import { summarizeMap } from "../../../src/ui/map_summary.ts";
import { viewOfAreas } from "./map_sample.ts";

const MAP = viewOfAreas(
  [10, "?"],
  [5, "+"],
  [10, "?"],
  [20, "+"],
  [5, "*"],
  [6, "-"],
  [1, "+"],
  [1, "-"],
);

Deno.test("neighbours without data are one hole, and the largest come first", () => {
  assertEquals(summarizeMap(MAP, 3), {
    size: 58,
    totals: [20, 5, 0, 7, 26],
    counts: [2, 1, 0, 2, 3],
    holeCount: 4,
    largestHoles: [{ start: 45, end: 56 }, { start: 0, end: 10 }, { start: 15, end: 25 }],
  });
});

Deno.test("what is outside of the domain counts nowhere and ends a hole", () => {
  const domain = viewOfAreas([5, "?"], [2, "+"], [1, "?"], [42, "+"], [8, "?"]);
  assertEquals(summarizeMap(withDomain(MAP, domain), 9), {
    size: 44,
    totals: [14, 5, 0, 0, 25],
    counts: [3, 1, 0, 0, 2],
    holeCount: 4,
    largestHoles: [
      { start: 15, end: 25 },
      { start: 45, end: 50 },
      { start: 5, end: 7 },
      { start: 8, end: 10 },
    ],
  });
});

Deno.test("a map without areas adds up to nothing", () => {
  const nothing = [0, 0, 0, 0, 0];
  const summary = summarizeMap(viewOfAreas(), 3);
  assertEquals(summary, {
    size: 0,
    totals: nothing,
    counts: nothing,
    holeCount: 0,
    largestHoles: [],
  });
  assertEquals(nextLines(summary, 512), []);
});

Deno.test("what comes next are ddrescue's phases, as far as there is work for them", () => {
  const summary = summarizeMap(
    viewOfAreas([1024, "-"], [512, "+"], [4096, "?"], [512, "-"], [512, "/"], [1024, "*"]),
    1,
  );
  assertEquals(nextPhases(summary, 512), [
    { phase: "copying", bytes: 4096, areas: 1, reads: undefined },
    { phase: "trimming", bytes: 1024, areas: 1, reads: 2 },
    { phase: "scraping", bytes: 512, areas: 1, reads: 1 },
    { phase: "retrying", bytes: 1536, areas: 2, reads: 3 },
  ]);
  assertEquals(nextLines(summary, 512), [
    "Next  copying   4 KiB in 1 area: not tried yet, in large reads",
    "then  trimming  1 KiB in 1 area: up to 2 reads from their ends",
    "then  scraping  512 bytes in 1 area: 1 read of a sector",
    "then  retrying  1.5 KiB in 2 areas: 3 reads of a sector, once more",
  ]);
  assertEquals(nextLines(summarizeMap(viewOfAreas([9, "+"]), 1), 512), [
    "All of it is finished: nothing is left to read.",
  ]);
});
