import { assert, assertEquals } from "@std/assert";
import { parseMapfile } from "../../../src/map/mapfile.ts";
import { mapRecord, mapReport } from "../../../src/ui/map_report.ts";

const EMPTY = parseMapfile("", "empty.map");
const LATE_START = parseMapfile("0 ? 1\n0x10000 0x10000 +\n", "late.map");

/** A map with `count` holes: the n-th is n sectors long. */
function holes(count: number): string {
  let text = "0 ? 1\n";
  let at = 0;
  for (let n = 1; n <= count; n++) {
    text += `${at} 512 +\n${at + 512} ${n * 512} ?\n`;
    at += 512 + n * 512;
  }
  return text;
}

Deno.test("what lies before the first block has not been tried", () => {
  const record = mapRecord(LATE_START, "late.map");
  assertEquals((record as { totals: unknown }).totals, {
    finished: 65536,
    nonTried: 65536,
    nonTrimmed: 0,
    nonScraped: 0,
    badSector: 0,
  });
  assert(mapReport(LATE_START, "late.map", 80).at(-3)?.endsWith("?".repeat(64)));
});

Deno.test("an empty map has no picture", () => {
  const lines = mapReport(EMPTY, "empty.map", 80);
  assertEquals(lines[0], "empty.map: 0 bytes, copying, pass 1, at 0");
  assertEquals(lines.length, 8);
});

Deno.test("of many holes the five largest are listed", () => {
  const map = parseMapfile(holes(7), "a.map");
  const lines = mapReport(map, "a.map", 80);
  const title = lines.indexOf("7 holes (without data), the largest:");
  const offsets = lines.slice(title + 2, title + 8).map((line) => line.trim().split(/ +/)[1]);
  assertEquals(offsets, ["3584", "3072", "2560", "2048", "1536", undefined]);
});

Deno.test("the report fits the terminal", () => {
  const map = parseMapfile(`0 + 1\n0 ${2 ** 52} +\n`, "a.map");
  for (const [columns, lines] of [[100, 80], [80, 80], [60, 60]]) {
    for (const line of mapReport(map, "a.map", columns).slice(2)) {
      assert(line.length <= lines, line);
    }
  }
});
