import { assert, assertEquals } from "@std/assert";
import { encodeMapfile, type Mapfile, parseMapfile } from "../../../src/map/mapfile.ts";
import { mapfileOf } from "../../../src/map/mapfile_conversion.ts";
import { STATUS_COUNT } from "../../../src/map/statuses.ts";
import { mapRecord } from "../../../src/ui/map_record.ts";
import { mapReport } from "../../../src/ui/map_report.ts";
import { type ByteRange, mapSubject, type NamedMapfile } from "../../../src/ui/map_subject.ts";
import { lineWidth, painted } from "../../../src/ui/styled_text.ts";
import { mapfileOfAreas } from "./map_sample.ts";

const PAPER = { columns: 80, rows: 24, colors: false, unicode: true };
const LATE_START = parseMapfile("0 ? 1\n0x10000 0x10000 +\n", "late.map");

function report(mapfile: Mapfile, range?: ByteRange, domain?: NamedMapfile): string[] {
  const subject = mapSubject({ path: "a.map", mapfile }, range, domain);
  return mapReport(subject, PAPER).map((line) => painted(line, false));
}

function record(mapfile: Mapfile, range?: ByteRange, domain?: NamedMapfile) {
  return mapRecord(mapSubject({ path: "a.map", mapfile }, range, domain)) as Record<
    string,
    unknown
  >;
}

/** A map with `count` holes: the n-th is n sectors long. */
function holes(count: number): Mapfile {
  const areas = Array.from(
    { length: count },
    (_, n) => [[512, "+"], [(n + 1) * 512, "?"]] as const,
  );
  return mapfileOfAreas(...areas.flat());
}

Deno.test("what lies before the first block has not been tried", () => {
  assertEquals(record(LATE_START).totals, {
    finished: 65536,
    nonTried: 65536,
    nonTrimmed: 0,
    nonScraped: 0,
    badSector: 0,
  });
  assert(report(LATE_START).at(-3)?.endsWith("?".repeat(64)));
});

Deno.test("an empty map has no picture", () => {
  const lines = report(parseMapfile("", "a.map"));
  assertEquals(lines[0], "a.map: 0 bytes, copying, pass 1, at 0");
  assertEquals(lines.length, 8);
});

Deno.test("of many holes the five largest are listed", () => {
  const lines = report(holes(7));
  const title = lines.indexOf("7 holes (without data), the largest:");
  const offsets = lines.slice(title + 2, title + 8).map((line) => line.trim().split(/ +/)[1]);
  assertEquals(offsets, ["3584", "3072", "2560", "2048", "1536", undefined]);
});

Deno.test("a range and a domain are all that is counted", () => {
  const mapfile = mapfileOfAreas([4096, "+"], [4096, "-"], [8192, "?"]);
  const range = { start: 2048, end: 12288 };
  const domain = { path: "d.map", mapfile: mapfileOfAreas([3072, "+"], [1024, "?"], [4608, "+"]) };
  const { totals, size, range: part, domain: domainPath } = record(mapfile, range, domain);
  assertEquals([size, part, domainPath], [16384, { offset: 2048, length: 10240 }, "d.map"]);
  assertEquals(totals, {
    finished: 1024,
    nonTried: 512,
    nonTrimmed: 0,
    nonScraped: 0,
    badSector: 4096,
  });
  const lines = report(mapfile, range, domain);
  assertEquals(lines.slice(1, 3), [
    "shown: 2048 to 12288, 10 KiB",
    "domain: what is finished in d.map, 5.5 KiB (5632 bytes)",
  ]);
  assertEquals(lines.slice(-2), [
    "Each character is 512 bytes and shows the worst in it, blank is outside of the domain:",
    "2 KiB  ++  --------?       ",
  ]);
});

Deno.test("the sector size that blkcache has noted counts", () => {
  const text = "## blkcache: sector-size=2048\n0 - 1\n0 8192 -\n";
  const { next } = record(parseMapfile(text, "a.map"));
  assertEquals(next, [{ phase: "retrying", bytes: 8192, areas: 1, reads: 4 }]);
});

Deno.test("the report fits the terminal", () => {
  const most = 2 ** 52;
  const mapfile = mapfileOfAreas([most / 2, "?"], [most / 4, "*"], [most / 8, "/"], [
    most / 8,
    "-",
  ]);
  const subject = mapSubject({ path: "a.map", mapfile });
  for (const colors of [false, true]) {
    for (const [columns, rows] of [[200, 60], [80, 24], [60, 50]]) {
      const lines = mapReport(subject, { columns, rows, colors, unicode: true });
      for (const line of lines) {
        assert(lineWidth(line) <= Math.max(columns, 80), painted(line, false));
      }
      if (rows >= 50) assert(lines.length < rows, String(lines.length));
    }
  }
});

Deno.test("a million areas are read and drawn", () => {
  const count = 1_000_000;
  const statuses = Uint8Array.from({ length: count }, (_, run) => run % STATUS_COUNT);
  const positions = Float64Array.from({ length: count }, (_, run) => run * 4096 + run % 3 * 512);
  const map = {
    positions,
    statuses,
    size: count * 4096,
    position: 0,
    phase: "?",
    pass: 1,
  } as const;
  const now = new Date();
  const heading = { version: "0", commandLine: "x", startTime: now, currentTime: now };
  const bytes = encodeMapfile(mapfileOf(map), heading);
  const lines = report(parseMapfile(bytes, "a.map"));
  assert(lines.at(-1)!.includes("-".repeat(64)));
});
