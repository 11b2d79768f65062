import { assertEquals } from "@std/assert";
import { ALL_FINISHED, cellStart, coarsen } from "../../../src/map/coarse_map.ts";
import { endOf, type MapView, OUTSIDE, viewOf, withDomain } from "../../../src/map/map_view.ts";
import { parseMapfile } from "../../../src/map/mapfile.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
} from "../../../src/map/statuses.ts";
import { chooseSeed, Random } from "../../model/map_random.ts";

/** A view as one character a byte; "x" is outside. */
function text(view: MapView): string {
  let result = "";
  for (let run = 0; run < view.positions.length; run++) {
    const start = Math.max(view.positions[run], view.start);
    result += "?*/-+x"[view.statuses[run]].repeat(endOf(view, run) - start);
  }
  return result;
}

/** The map whose bytes are as the text says. */
function map(bytes: string, first = 0) {
  const blocks = Array.from(bytes, (status, at) => `${first + at} 1 ${status}`);
  return parseMapfile(`0 ? 1\n${blocks.join("\n")}\n`, "x.map");
}

const VIEWS: readonly [from: string, first: number, start: number, end: number, view: string][] = [
  ["++--**??", 0, 0, 8, "++--**??"],
  ["++--**??", 0, 1, 5, "+--*"],
  ["++--**??", 0, 2, 4, "--"],
  ["++--**??", 0, 3, 3, ""],
  ["++--", 4, 0, 8, "????++--"],
  ["++--", 4, 2, 5, "??+"],
  ["++--", 4, 4, 8, "++--"],
  ["++--", 0, 1, 8, "+--????"],
  ["++--", 0, 4, 8, "????"],
  ["++--", 0, 6, 8, "??"],
  ["", 0, 0, 3, "???"],
  ["", 0, 0, 0, ""],
];

for (const [from, first, start, end, expected] of VIEWS) {
  Deno.test(`[${start}, ${end}) of "${from}" from ${first} on is "${expected}"`, () => {
    assertEquals(text(viewOf(map(from, first), start, end)), expected);
  });
}

Deno.test("what a domain does not call finished is outside", () => {
  const inside = (domain: string, start = 0, end = 8) =>
    text(withDomain(viewOf(map("++--**??"), start, end), viewOf(map(domain), start, end)));
  assertEquals(inside("++++++++"), "++--**??");
  assertEquals(inside("+-+?+*+/"), "+x-x*x?x");
  assertEquals(inside("+++", 1, 6), "+-xxx");
  assertEquals(inside(""), "xxxxxxxx");
});

Deno.test("a cell is as bad as the worst in it, and full only when all of it is finished", () => {
  const view = viewOf(map("+".repeat(1000) + "-" + "+".repeat(998) + "?"));
  const cells = coarsen(view, 4);
  assertEquals([...cells.worst], [FINISHED, FINISHED, BAD_SECTOR, NON_TRIED]);
  assertEquals([...cells.finished], [ALL_FINISHED, ALL_FINISHED, 254, 254]);
  const nearlyEmpty = coarsen(viewOf(map("+" + "*".repeat(999) + "/".repeat(1000))), 2);
  assertEquals([...nearlyEmpty.worst], [NON_TRIMMED, NON_SCRAPED]);
  assertEquals([...nearlyEmpty.finished], [1, 0]);
});

Deno.test("no more cells than bytes, and none of nothing", () => {
  assertEquals([...coarsen(viewOf(map("+-?")), 8).worst], [FINISHED, BAD_SECTOR, NON_TRIED]);
  assertEquals(coarsen(viewOf(map("")), 8).worst.length, 0);
});

const SEED = chooseSeed();

Deno.test(`cells of random views are what their bytes say (seed ${SEED})`, () => {
  const random = new Random(SEED);
  const severity = "x+?*/-";
  const pick = (from: string) => from[random.below(from.length)];
  for (let round = 0; round < 300; round++) {
    const bytes = Array.from({ length: 1 + random.below(60) }, () => pick("???++++*/-")).join("");
    const domain = Array.from({ length: random.below(60) }, () => pick("+++?")).join("");
    const start = random.below(bytes.length);
    const end = start + random.below(bytes.length - start + 1);
    const view = withDomain(viewOf(map(bytes), start, end), viewOf(map(domain), start, end));
    const cells = coarsen(view, 1 + random.below(20));
    for (let cell = 0; cell < cells.worst.length; cell++) {
      const [from, to] = [cellStart(cells, cell), cellStart(cells, cell + 1)];
      const inside = Array.from(
        bytes.slice(from, to),
        (status, at) => domain[from + at] === "+" ? status : "x",
      );
      const worst = severity[Math.max(...inside.map((status) => severity.indexOf(status)))];
      const finished = inside.filter((status) => status === "+").length;
      assertEquals("?*/-+x"[cells.worst[cell]], worst, bytes);
      assertEquals(cells.finished[cell] === ALL_FINISHED, finished === inside.length);
      assertEquals(cells.finished[cell] === 0, finished === 0);
      assertEquals(cells.worst[cell] === OUTSIDE, inside.every((status) => status === "x"));
    }
    assertEquals(cellStart(cells, cells.worst.length), end);
  }
});
