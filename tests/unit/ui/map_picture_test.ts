import { assertEquals } from "@std/assert";
import { coarsen } from "../../../src/map/coarse_map.ts";
import { barCells, mapBar, mapPicture, swatch } from "../../../src/ui/map_picture.ts";
import { BAD_SECTOR } from "../../../src/map/statuses.ts";
import { type Line, painted } from "../../../src/ui/styled_text.ts";
import { viewOfAreas } from "./map_sample.ts";

const KIB = 1024;
const PLAIN = { colors: false, unicode: true };
const BLOCKS = { colors: true, unicode: true };
const ASCII = { colors: true, unicode: false };

const ALL = viewOfAreas(
  [4 * KIB, "+"],
  [512, "?"],
  [512, "*"],
  [512, "/"],
  [512, "-"],
  [2 * KIB, "?"],
);

/** Lines with their colours as `{foreground background text}`. */
function shown(lines: readonly Line[]): string[] {
  return lines.map((line) =>
    painted(line, true)
      .replaceAll("\x1b[0m", "}")
      // deno-lint-ignore no-control-regex
      .replaceAll(/\x1b\[([\d;]+)m/g, "{$1 ")
  );
}

Deno.test("without colours a cell is the character of the worst status in it", () => {
  const picture = (cells: number) => shown(mapPicture(coarsen(ALL, cells), cells, PLAIN));
  assertEquals(picture(16), ["0 bytes  ++++++++?*/-????"]);
  assertEquals(picture(8), ["0 bytes  ++++*-??"]);
  assertEquals(picture(4), ["0 bytes  ++-?"]);
  assertEquals(picture(1), ["0 bytes  -"]);
});

Deno.test("one bad byte at either end of a large device is seen", () => {
  const size = 4 * 1024 ** 4;
  const first = coarsen(viewOfAreas([1, "-"], [size - 1, "+"]), 16);
  assertEquals(shown(mapPicture(first, 8, PLAIN)), ["0 bytes  -+++++++", "  2 TiB  ++++++++"]);
  const last = coarsen(viewOfAreas([size - 1, "+"], [1, "-"]), 16);
  assertEquals(shown(mapPicture(last, 8, PLAIN))[1], "  2 TiB  +++++++-");
});

Deno.test("in colours a line has two rows of cells", () => {
  const picture = (cells: number, perRow: number) =>
    shown(mapPicture(coarsen(ALL, cells), perRow, BLOCKS));
  assertEquals(picture(16, 8), ["0 bytes  {32;100 ▀}{32;43 ▀}{32;45 ▀}{32;41 ▀}{32;100 ▀▀▀▀}"]);
  // A last row without a row below it.
  assertEquals(picture(8, 8), ["0 bytes  {32 ▀▀▀▀}{33 ▀}{31 ▀}{90 ▀▀}"]);
  assertEquals(picture(12, 8)[0].endsWith("{90 ▀▀}"), false);
});

Deno.test("colours without half blocks have a row a line", () => {
  assertEquals(shown(mapPicture(coarsen(ALL, 16), 8, ASCII)), [
    "0 bytes  {42         }",
    "  4 KiB  {100  }{43  }{45  }{41  }{100     }",
  ]);
});

Deno.test("a cell of which a part is finished has a colour of its own", () => {
  const cells = coarsen(viewOfAreas([512, "+"], [512, "?"], [1024, "?"]), 2);
  assertEquals(shown(mapPicture(cells, 2, BLOCKS)), ["0 bytes  {36 ▀}{90 ▀}"]);
  assertEquals(shown(mapPicture(cells, 2, PLAIN)), ["0 bytes  ??"]);
});

Deno.test("a bar has two cells a column, and is as wide as it shall be", () => {
  assertEquals([barCells(8, BLOCKS), barCells(8, ASCII), barCells(8, PLAIN)], [16, 8, 8]);
  assertEquals(shown([mapBar(coarsen(ALL, 16), 8, BLOCKS)]), [
    "{32 ████}{90;43 ▌}{35;41 ▌}{90 ██}",
  ]);
  assertEquals(shown([mapBar(coarsen(ALL, 8), 8, PLAIN)]), ["++++*-??"]);
  const tiny = coarsen(viewOfAreas([1, "+"], [1, "-"]), 16);
  assertEquals(shown([mapBar(tiny, 4, BLOCKS)]), ["{32 ██}{31 ██}"]);
  assertEquals(mapBar(coarsen(viewOfAreas(), 16), 8, BLOCKS), []);
});

Deno.test("legends show what pictures do", () => {
  assertEquals(shown([[swatch(BAD_SECTOR, BLOCKS)]]), ["{31 █}"]);
  assertEquals(shown([[swatch(BAD_SECTOR, ASCII)]]), ["{41  }"]);
  assertEquals(shown([[swatch(BAD_SECTOR, PLAIN)]]), ["-"]);
});
