// The live page's script in a played browser: where it puts what it hears, and what it asks for.
import { assert, assertEquals } from "@std/assert";
import { type PageSettings, startPage } from "../../../src/ui/page/client_page.ts";
import type { PageMap, PageState } from "../../../src/ui/page/page_state.ts";
import { PlayedBrowser } from "./played_browser.ts";

const SETTINGS: PageSettings = { names: ["missing", "saved"], colors: ["#000", "#fff"], rows: 4 };
const SIZE = 64 * 1024 * 1024;
/** 11 columns fit 80 pixels: two rows. */
const MAP: PageMap = {
  start: 0,
  end: SIZE,
  size: SIZE,
  cells: "0101010101010101",
  cellText: "4 MiB",
  rangeText: "0 bytes to 64 MiB",
};

function state(mapVersion: number, alarm = ""): PageState {
  const fields = { phase: "copying", cached: "1 MiB (1%)" } as PageState["fields"];
  return { fields, totals: ["63 MiB", "", "1 MiB"], alarm, mapVersion };
}

/** A page whose first request for the map has been answered. */
async function started(): Promise<PlayedBrowser> {
  const browser = new PlayedBrowser();
  startPage(browser.asBrowser(), SETTINGS);
  await answer(browser, MAP);
  return browser;
}

/** Answers the last request, and lets the page draw. */
async function answer(browser: PlayedBrowser, map: PageMap): Promise<void> {
  browser.asked.at(-1)!.answer(200, map);
  await settled();
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

Deno.test("the page asks for as many cells as fit its width, and draws each in its colour", async () => {
  const browser = await started();
  assertEquals(browser.asked.map(({ path }) => path), ["map?cells=44"]);
  assertEquals(browser.element("range").textContent, MAP.rangeText);
  assertEquals(browser.element("cell").textContent, MAP.cellText);
  assertEquals([browser.element("whole").hidden, browser.element("out").hidden], [true, true]);
  const map = browser.element("map");
  assertEquals(map.drawn.fills, [...MAP.cells].map((cell) => SETTINGS.colors[Number(cell)]));
  assertEquals([map.width, map.height, map.style.height], [160, 28, "14px"], "twice as sharp");
});

Deno.test("a state is put into its places; the map is asked for when it has changed, once at a time", async () => {
  const browser = await started();
  browser.say("state", state(1, "it is slow"));
  assertEquals(browser.element("phase").textContent, "copying");
  assertEquals([0, 1, 2].map((look) => browser.element(`total${look}`).textContent), [
    "63 MiB",
    "",
    "1 MiB",
  ]);
  assertEquals([browser.element("alarm").textContent, browser.element("alarm").hidden], [
    "it is slow",
    false,
  ]);
  // The pause after the first request is not over.
  assertEquals(browser.asked.length, 1);
  browser.say("state", state(2));
  assertEquals(browser.element("alarm").hidden, true);
  browser.runTimeouts();
  assertEquals(browser.asked.length, 2);
  await answer(browser, MAP);
  browser.runTimeouts();
  browser.say("state", state(2));
  assertEquals(browser.asked.length, 2, "nothing has changed");
  browser.say("state", state(3));
  assertEquals(browser.asked.length, 3);
});

Deno.test("a map that cannot be had leaves the last one on the page, and is asked for again", async () => {
  const browser = await started();
  browser.runTimeouts();
  browser.say("state", state(1));
  browser.asked.at(-1)!.answer(503);
  await settled();
  browser.runTimeouts();
  browser.say("state", state(2));
  browser.asked.at(-1)!.fail();
  await settled();
  assertEquals(browser.element("map").drawn.fills.length, MAP.cells.length);
  browser.runTimeouts();
  browser.say("state", state(3));
  assertEquals(browser.asked.length, 4);
});

Deno.test("messages, media and the end are told; a lost connection is, until it is back", async () => {
  const browser = await started();
  browser.say("messages", [{ kind: "warning", time: "04:05:06", text: "it is bad" }]);
  const [item] = browser.element("messages").children as {
    className: string;
    children: string[];
  }[];
  assertEquals([item!.className, item!.children], ["warning", ["04:05:06 it is bad"]]);
  browser.say("medium", "insert a disc");
  assertEquals([browser.element("medium").textContent, browser.element("phase").textContent], [
    "insert a disc",
    "",
  ]);
  const notice = browser.element("notice");
  browser.events.happen("error");
  assert(notice.textContent.startsWith("the connection is lost") && !notice.hidden);
  browser.events.happen("open");
  assertEquals([notice.textContent, notice.hidden], ["", true]);
  browser.say("done", "blkcache has ended");
  browser.events.readyState = 2;
  browser.events.happen("error");
  assertEquals([notice.textContent, browser.events.isClosed], ["blkcache has ended", true]);
});

Deno.test("the rates are drawn as they come, and again when the window changes", async () => {
  const browser = await started();
  const plot = browser.element("plot");
  browser.happen("resize");
  assertEquals(plot.drawn.calls, [], "there are none yet");
  browser.say("history", { points: [], highestText: "0 B/s", timeText: "0 s" });
  const texts = () =>
    plot.drawn.calls.filter(([name]) => name === "fillText").map(([, text]) => text);
  assertEquals(texts(), ["0 B/s", "0", "0 s"]);
  assertEquals(plot.drawn.calls.some(([name]) => name === "fill"), false);
  browser.say("history", {
    points: [[1000, 10], [2000, 20]],
    highestText: "20 B/s",
    timeText: "2 s",
  });
  assertEquals(texts(), ["20 B/s", "0", "2 s"]);
  // The second point is the highest, and lasts from the middle to the end.
  const lines = plot.drawn.calls.filter(([name]) => name === "lineTo").slice(3);
  assertEquals(lines.slice(0, 4), [
    ["lineTo", 0, 60],
    ["lineTo", 40, 60],
    ["lineTo", 40, 18],
    ["lineTo", 80, 18],
  ]);
  plot.clientWidth = 200;
  browser.happen("resize");
  assertEquals(plot.width, 400);
});

/** A pointer above the middle of a cell of the first row. */
function over(cell: number) {
  return { clientX: 10 + cell * 7 + 3, clientY: 23, pointerId: 5 };
}

Deno.test("what is under the pointer is named with its place", async () => {
  const browser = await started();
  const map = browser.element("map");
  map.happen("pointermove", over(1));
  assertEquals(browser.element("under").textContent, "saved: 4194304 to 8388608 (0x400000)");
  map.happen("pointermove", { ...over(1), clientX: 0 });
  assertEquals(browser.element("under").textContent, "saved: 4194304 to 8388608 (0x400000)");
});

Deno.test("a drag looks at what it was drawn over, a click closer at its cell; the buttons look at more again", async () => {
  const browser = await started();
  const map = browser.element("map");
  map.happen("pointerdown", over(2));
  assertEquals(map.captured, 5);
  map.happen("pointermove", over(3));
  assertEquals(
    map.drawn.calls.filter(([name]) => name === "strokeRect").length,
    2,
    "a frame around both",
  );
  map.happen("pointerup");
  assertEquals(browser.location.hash, "#8388608-16777216");
  browser.runTimeouts();
  assertEquals(browser.asked.at(-1)!.path, "map?cells=44&start=8388608&end=16777216");
  await answer(browser, { ...MAP, start: 8_388_608, end: 16_777_216 });
  assertEquals([browser.element("whole").hidden, browser.element("out").hidden], [false, false]);
  assertEquals(map.drawn.calls.some(([name]) => name === "strokeRect"), false);
  // A click: an eighth of what is seen, around the cell.
  map.happen("pointerdown", over(0));
  map.happen("pointerup");
  assertEquals(browser.location.hash, "#8126464-9175040");
  browser.element("out").happen("click");
  const [start, end] = /^#(\d+)-(\d+)$/.exec(browser.location.hash)!.slice(1).map(Number);
  assertEquals(end! - start!, 4 * 8_388_608);
  browser.element("whole").happen("click");
  assertEquals(browser.location.hash, "");
});

Deno.test("an address that names no part is the whole device; before there is a map nothing can be chosen", async () => {
  const browser = new PlayedBrowser();
  startPage(browser.asBrowser(), SETTINGS);
  const map = browser.element("map");
  map.happen("pointerdown", over(0));
  map.happen("pointermove", over(1));
  map.happen("pointerup");
  browser.element("out").happen("click");
  assertEquals([browser.location.hash, map.drawn.calls], ["", []]);
  await answer(browser, MAP);
  browser.runTimeouts();
  browser.location.hash = "9-4";
  assertEquals(browser.asked.at(-1)!.path, "map?cells=44");
});
