import { assertEquals } from "@std/assert";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
} from "../../../src/map/statuses.ts";
import { type Area, mapPicture } from "../../../src/ui/map_picture.ts";

const KIB = 1024;

function areas(...runs: [length: number, status: number][]): Area[] {
  let start = 0;
  return runs.map(([length, status]) => ({ start, end: start += length, status }));
}

Deno.test("each cell shows the worst that is in it", () => {
  const all = areas(
    [4 * KIB, FINISHED],
    [512, NON_TRIED],
    [512, NON_TRIMMED],
    [512, NON_SCRAPED],
    [512, BAD_SECTOR],
    [2 * KIB, NON_TRIED],
  );
  const picture = (cells: number) => mapPicture(all, 8 * KIB, { cellsPerRow: cells, rows: 1 });
  assertEquals(picture(16), ["0 bytes  ++++++++?*/-????"]);
  assertEquals(picture(8), ["0 bytes  ++++*-??"]);
  assertEquals(picture(4), ["0 bytes  ++-?"]);
  assertEquals(picture(1), ["0 bytes  -"]);
});

Deno.test("one bad byte at either end of a large device is seen", () => {
  const size = 4 * 1024 ** 4;
  const layout = { cellsPerRow: 8, rows: 2 };
  assertEquals(mapPicture(areas([1, BAD_SECTOR], [size - 1, FINISHED]), size, layout), [
    "0 bytes  -+++++++",
    "  2 TiB  ++++++++",
  ]);
  assertEquals(
    mapPicture(areas([size - 1, FINISHED], [1, BAD_SECTOR]), size, layout)[1],
    "  2 TiB  +++++++-",
  );
});

Deno.test("a small device has a cell a sector, an empty one has none", () => {
  assertEquals(mapPicture(areas([1025, FINISHED]), 1025, { cellsPerRow: 8, rows: 2 }), [
    "0 bytes  +++",
  ]);
  assertEquals(mapPicture([], 0, { cellsPerRow: 8, rows: 2 }), []);
});
