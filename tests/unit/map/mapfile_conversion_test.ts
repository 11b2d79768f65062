import { assertEquals, assertThrows } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import { MapfileError, parseMapfile } from "../../../src/map/mapfile.ts";
import { fileMapOf, mapfileOf } from "../../../src/map/mapfile_conversion.ts";
import { statusChar } from "../../../src/map/statuses.ts";

function blocksOf(map: FileMap): string {
  return Array.from(
    map.ranges(),
    ({ start, end, status }) => `${start}-${end}${statusChar(status)}`,
  ).join(" ");
}

Deno.test("a mapfile is fitted to the device", () => {
  for (
    const [lines, blocks] of [
      ["", "0-100?"],
      ["0 100 +", "0-100+"],
      ["0 40 +", "0-40+ 40-100?"],
      ["0 40 +\n40 100 ?", "0-40+ 40-100?"],
      ["0 40 +\n40 100 -", "0-40+ 40-100-"],
      ["0 40 +\n40 100 *\n140 5 /", "0-40+ 40-100*"],
      ["0 100 +\n100 5 -", "0-100+"],
      ["0 100 +\n100 0x7FFFFFFFFFFFFFFF ?", "0-100+"],
      ["30 40 +", "0-30? 30-70+ 70-100?"],
      ["200 40 -", "0-100?"],
      ["0 10 ?\n10 10 -\n20 80 +", "0-10? 10-20- 20-100+"],
    ]
  ) {
    const mapfile = parseMapfile(`7 * 2\n${lines}`, "x.map");
    const map = fileMapOf(mapfile, 100, "x.map");
    assertEquals(blocksOf(map), blocks, lines);
    assertEquals([map.position, map.phase, map.pass, map.size], [7, "*", 2, 100]);
  }
});

Deno.test("what is rescued cannot lie past the end of the device", () => {
  for (
    const [lines, excess] of [
      ["0 101 +", 1],
      ["0 100 +\n100 5 -\n105 7 +\n112 4 ?", 12],
      ["500 12 +", 412],
      // Beyond what a number holds, and told exactly all the same.
      ["0 0x7FFFFFFFFFFFFFFF +", 2n ** 63n - 1n - 100n],
      ["0 0x20000000000001 +", 2n ** 53n + 1n - 100n],
      ["0 101 +\n101 0x20000000000000 -", 1],
      ["0 0x20000000000000 -\n0x20000000000000 5 +\n0x20000000000005 5 -", 2n ** 53n + 5n - 100n],
    ]
  ) {
    const mapfile = parseMapfile(`0 ?\n${lines}`, "x.map");
    const error = assertThrows(
      () => fileMapOf(mapfile, 100, "x.map"),
      MapfileError,
    ) as MapfileError;
    assertEquals(
      error.message,
      `cannot use the mapfile "x.map": it marks areas as rescued up to ${excess} bytes past the end ` +
        "of the device (100 bytes)",
    );
    assertEquals([error.line, error.hints.length], [undefined, 1]);
  }
});

Deno.test("a position past the end of the device is its end", () => {
  assertEquals(fileMapOf(parseMapfile("5000 ?", "x.map"), 100, "x.map").position, 100);
});

Deno.test("blocks smaller than sectors have room", () => {
  const lines = Array.from({ length: 100_000 }, (_, at) => `${at} 1 ${"+-"[at % 2]}`).join("\n");
  const map = fileMapOf(parseMapfile(`0 ?\n${lines}`, "x.map"), 100_000, "x.map", {
    sectorSize: 512,
  });
  assertEquals(map.snapshot().positions.length, 100_000);
});

Deno.test("a map and back, with comments and settings", () => {
  const map = FileMap.create(100);
  map.set(10, 20, 4);
  map.set(20, 21, 3);
  map.position = 21;
  map.phase = "/";
  map.pass = 2;
  const settings = new Map([["a", "b"]]);
  const mapfile = mapfileOf(map.snapshot(), ["# c"], settings);
  assertEquals([mapfile.comments, mapfile.settings], [["# c"], settings]);
  const again = fileMapOf(mapfile, 100, "x.map");
  assertEquals(again.snapshot(), map.snapshot());
});

Deno.test("a domain is cut at the end of the device", () => {
  for (
    const [lines, blocks] of [
      ["0 101 +", "0-100+"],
      ["0 40 -\n40 0x7FFFFFFFFFFFFFFF +", "0-40- 40-100+"],
      ["500 12 +", "0-100?"],
      ["0 100 +\n100 5 -\n105 7 +", "0-100+"],
    ] as const
  ) {
    const map = fileMapOf(parseMapfile(`0 ?\n${lines}`, "x.map"), 100, "x.map", { isCut: true });
    assertEquals(blocksOf(map), blocks, lines);
  }
});
