import { assert, assertEquals } from "@std/assert";
import { isSvg, mapPng, mapSvg } from "../../../src/ui/map_image.ts";
import { LOOKS } from "../../../src/ui/map_look.ts";
import { mapSubject } from "../../../src/ui/map_subject.ts";
import { encodePng, isPng } from "../../../src/ui/png.ts";
import { mapfileOfAreas } from "./map_sample.ts";

/** 130 cells: a row of finished ones with one bad, then two more. */
const MAPFILE = mapfileOfAreas([512 * 100, "+"], [512, "-"], [512 * 27, "+"], [512, "*"], [
  512,
  "?",
]);
const SUBJECT = mapSubject({ path: 'a<b & "c".map', mapfile: MAPFILE });

/** Takes a PNG file apart again; check sums are what other programs look at. */
async function decoded(png: Uint8Array) {
  const view = new DataView(png.buffer, png.byteOffset);
  const chunks = new Map<string, Uint8Array<ArrayBuffer>>();
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    const name = new TextDecoder().decode(png.subarray(at + 4, at + 8));
    chunks.set(name, png.slice(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const header = new DataView(chunks.get("IHDR")!.buffer);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  const inflated = new Blob([chunks.get("IDAT")!]).stream()
    .pipeThrough(new DecompressionStream("deflate"));
  const rows = new Uint8Array(await new Response(inflated).arrayBuffer());
  const palette = chunks.get("PLTE")!;
  const colorAt = (x: number, y: number) => {
    const index = rows[y * (width + 1) + 1 + x];
    return "#" +
      Array.from(
        palette.subarray(index * 3, index * 3 + 3),
        (part) => part.toString(16).padStart(2, "0"),
      ).join("");
  };
  return { width, height, colorAt };
}

Deno.test("a PNG has a square of the worst status for each cell", async () => {
  const { width, height, colorAt } = await decoded(await mapPng(SUBJECT));
  assertEquals([width, height], [128 * 8, 2 * 8]);
  const cellAt = (x: number, y: number) => colorAt(x * 8 + 4, y * 8 + 4);
  assertEquals(cellAt(0, 0), LOOKS[4].rgb);
  assertEquals(cellAt(99, 0), LOOKS[4].rgb);
  assertEquals(cellAt(100, 0), LOOKS[3].rgb);
  assertEquals(cellAt(101, 0), LOOKS[4].rgb);
  assertEquals(cellAt(0, 1), LOOKS[1].rgb);
  assertEquals(cellAt(1, 1), LOOKS[0].rgb);
  assertEquals(colorAt(799, 0), LOOKS[4].rgb);
  assertEquals(colorAt(800, 0), LOOKS[3].rgb);
  // No cells: the background.
  assertEquals(cellAt(2, 1), "#1b2026");
});

Deno.test("the check sums of a PNG are right", async () => {
  const png = await encodePng({
    width: 1,
    height: 1,
    pixels: new Uint8Array(1),
    palette: ["#ff8000"],
  });
  assert(isPng(png));
  // The end of every PNG file in the world.
  assertEquals([...png.subarray(-12)], [
    0,
    0,
    0,
    0,
    0x49,
    0x45,
    0x4e,
    0x44,
    0xae,
    0x42,
    0x60,
    0x82,
  ]);
});

Deno.test("an SVG has a stripe for each stretch, the totals and an escaped name", () => {
  const svg = mapSvg(SUBJECT);
  assert(isSvg(new TextEncoder().encode(svg)));
  assert(!isSvg(new TextEncoder().encode("<html><svg></svg>")));
  const stripes = [
    ...svg.matchAll(/<rect x="(\d+)" y="(\d+)" width="(\d+)" height="1" fill="(.*?)"/g),
  ]
    .map(([, ...rest]) => rest.join(" "));
  const [untried, trimmed, , bad, good] = LOOKS.map(({ rgb }) => rgb);
  assertEquals(stripes, [
    `0 0 100 ${good}`,
    `100 0 1 ${bad}`,
    `101 0 27 ${good}`,
    `0 1 1 ${trimmed}`,
    `1 1 1 ${untried}`,
  ]);
  assert(svg.includes('<title>a&lt;b &amp; "c".map</title>'));
  assert(svg.includes("finished: 63.5 KiB, 97.7%"));
});

Deno.test("a map of nothing has pictures as well", async () => {
  const nothing = mapSubject({ path: "a.map", mapfile: mapfileOfAreas() });
  assertEquals((await decoded(await mapPng(nothing))).height, 8);
  assert(mapSvg(nothing).endsWith("</svg>\n"));
});
