// The live page in a real browser: what it shows is what the mapfile says. BLKCACHE_SHOTS names a folder for
// screenshots of it.

import { assert, assertEquals } from "@std/assert";
import { parseMapfile } from "../../src/map/mapfile.ts";
import { LOOKS } from "../../src/ui/map_look.ts";
import { Chromium } from "../harness/chromium.ts";
import { Program } from "../harness/program.ts";
import { readThrough } from "../harness/nbd_client.ts";
import { hasTools } from "../harness/requires.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";

const MIB = 1024 ** 2;
const ignore = !hasTools("chromium", "nbdcopy");

/** A server of `dev.bin` with a page, opened in a browser. */
class OpenPage implements AsyncDisposable {
  private constructor(
    readonly browser: Chromium,
    readonly program: Program,
    readonly url: string,
    readonly uri: string,
  ) {}

  static async of(folder: TestFolder, ...options: string[]): Promise<OpenPage> {
    const args = ["serve", "dev.bin", "dev.img", "--socket=s.sock", "--http=0", ...options];
    const program = Program.start(args, { dir: folder.path });
    try {
      const url = (await program.waitForLine("stderr", /live page/)).split(" ").at(-1)!;
      const uri = await program.ready();
      const browser = await Chromium.start();
      const page = new OpenPage(browser, program, url, uri);
      await browser.open(url);
      await page.shows("cached", /%/);
      return page;
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Waits until an element has a text like that. */
  async shows(id: string, pattern: RegExp): Promise<void> {
    const text = `document.getElementById("${id}").textContent`;
    await until(
      `#${id} is like ${pattern}`,
      async () => pattern.test(await this.browser.evaluate(text)),
    );
  }

  /** The map as its pixels show it: a digit a cell, the number of its look; waits until it is drawn. */
  async cells(): Promise<{ looks: string; start: number; end: number }> {
    const read = `(() => {
      const canvas = document.getElementById("map");
      const ratio = devicePixelRatio;
      const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const columns = Math.floor(canvas.clientWidth / 7);
      const colors = [];
      for (let y = 3; y * ratio < canvas.height; y += 7) {
        for (let x = 3; x < columns * 7; x += 7) {
          const at = (Math.floor(y * ratio) * width + Math.floor(x * ratio)) * 4;
          colors.push(data[at + 3] === 0 ? "" : "#" + [...data.subarray(at, at + 3)]
            .map((part) => part.toString(16).padStart(2, "0")).join(""));
        }
      }
      return { colors, hash: location.hash };
    })()`;
    let colors: string[] = [];
    let hash = "";
    await until("the map is drawn", async () => {
      ({ colors, hash } = await this.browser.evaluate<{ colors: string[]; hash: string }>(read));
      return colors.some((color) => color !== "");
    });
    const looks = colors.filter((color) => color !== "")
      .map((color) => LOOKS.findIndex(({ rgb }) => rgb === color)).join("");
    const [, start = "0", end = "0"] = /^#(\d+)-(\d+)$/.exec(hash) ?? [];
    return { looks, start: Number(start), end: Number(end) };
  }

  async shot(name: string): Promise<void> {
    const folder = Deno.env.get("BLKCACHE_SHOTS");
    if (folder !== undefined) await this.browser.screenshot(`${folder}/${name}.png`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser[Symbol.asyncDispose]();
    await this.program[Symbol.asyncDispose]();
  }
}

/** The looks that the cells of [start, end) of a mapfile should have, found block by block. */
function expectedLooks(path: string, count: number, start: number, end: number): string {
  const { positions, statuses, size } = parseMapfile(Deno.readFileSync(path), path);
  // From harmless to bad: finished, non-tried, non-trimmed, non-scraped, bad.
  const severity = [1, 2, 3, 4, 0];
  return Array.from({ length: count }, (_, cell) => {
    const from = start + Math.floor((end - start) * cell / count);
    const to = cell === count - 1 ? end : start + Math.floor((end - start) * (cell + 1) / count);
    const inside = Array.from(positions.keys()).filter((block) =>
      positions[block] < to && (positions[block + 1] ?? size) > from
    ).map((block) => statuses[block]);
    const worst = inside.reduce((one, other) => severity[one] > severity[other] ? one : other);
    // Partly finished, if that is the worst of it.
    return worst === 0 && inside.includes(4) ? 6 : worst;
  }).join("");
}

Deno.test({
  name: "a healthy device: the page follows, and ends complete",
  ignore,
  async fn() {
    using folder = new TestFolder();
    folder.noise("dev.bin", 64 * MIB);
    await using page = await OpenPage.of(folder, "--read-ahead=0");
    await page.shows("phase", /serving on request/);
    await readThrough(page.uri, { reads: [[0, 24 * MIB]] });
    await page.shows("cached", /^24 MiB \(37\.5%\)$/);
    await page.shows("rate", /[1-9].*\/s/);
    await page.shows("clients", /^0$/);
    await page.shot("healthy");
    await tool("nbdcopy", [page.uri, "null:"]);
    await page.shows("cached", /^64 MiB \(100%\)$/);
    await page.shows("phase", /^complete$/);
    await until(
      "all cells are finished",
      async () => /^4+$/.test((await page.cells()).looks),
    );
    await page.shot("finished");
    page.program.signal("SIGTERM");
    await page.shows("notice", /^blkcache has ended with exit code 0: done/);
    assertEquals(page.browser.complaints, []);
  },
});

const SICK =
  "0x1000000 / 1\n0 0x1000000 +\n0x1000000 0x200 -\n0x1000200 0x1000 /\n0x1001200 0x200 -\n" +
  "0x1001400 0xFFEC00 +\n0x2000000 0x100000 *\n0x2100000 0xF00000 ?\n0x3000000 0x123400 +\n" +
  "0x3123400 0xEDCC00 ?\n";

Deno.test({
  name: "a sick device: the page's map is the mapfile's, cell by cell, also zoomed",
  ignore,
  async fn() {
    using folder = new TestFolder();
    folder.noise("dev.bin", 64 * MIB);
    Deno.copyFileSync(folder.file("dev.bin"), folder.file("dev.img"));
    Deno.writeTextFileSync(folder.file("dev.img.map"), SICK);
    await using page = await OpenPage.of(folder);
    const map = folder.file("dev.img.map");

    const { looks } = await page.cells();
    assertEquals(looks, expectedLooks(map, looks.length, 0, 64 * MIB));
    assertEquals(new Set(looks), new Set("01346"));
    await page.shot("sick");

    // Drag from the row before the bad sectors to the row after them.
    const { left, top } = await page.browser.evaluate<{ left: number; top: number }>(
      `document.getElementById("map").getBoundingClientRect().toJSON()`,
    );
    const columns = Math.floor(
      await page.browser.evaluate<number>(
        `document.getElementById("map").clientWidth`,
      ) / 7,
    );
    const bad = looks.indexOf("3");
    const y = (row: number) => top + row * 7 + 3;
    const row = Math.floor(bad / columns);
    await page.browser.mouse("mouseMoved", left + 3, y(row - 1));
    await page.browser.mouse("mousePressed", left + 3, y(row - 1));
    await page.browser.mouse("mouseMoved", left + 3, y(row + 1));
    await page.browser.mouse("mouseReleased", left + 3, y(row + 1));
    await page.shows("range", /^1[45]\.\d MiB to 1[678](\.\d)? MiB$/);
    const zoomed = await page.cells();
    assert(zoomed.end - zoomed.start < 4 * MIB, `${zoomed.start} to ${zoomed.end}`);
    const expected = expectedLooks(map, zoomed.looks.length, zoomed.start, zoomed.end);
    assertEquals(zoomed.looks, expected);
    assertEquals(new Set(zoomed.looks), new Set("234"));
    await page.shot("zoomed");
    await page.browser.evaluate(`document.getElementById("whole").click()`);
    await page.shows("range", /^0 bytes to 64 MiB$/);
    assertEquals(page.browser.complaints, []);
  },
});

Deno.test({
  name: "a million areas: the page stays quick",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const count = 500_000;
    const size = count * 1024;
    for (const name of ["dev.bin", "dev.img"]) {
      using file = Deno.createSync(folder.file(name));
      file.truncateSync(size);
    }
    const lines = ["0 ? 1"];
    for (let at = 0; at < size; at += 1024) {
      lines.push(`${at} 512 +`, `${at + 512} 512 ${at % 10240 === 0 ? "-" : "?"}`);
    }
    Deno.writeTextFileSync(folder.file("dev.img.map"), lines.join("\n") + "\n");
    await using page = await OpenPage.of(folder, "--force");
    const { looks } = await page.cells();
    // The first cell has been read again to tell the device from others.
    assert(/^.3{8000,}$/.test(looks), looks);
    const cells = await page.browser.evaluate<number>(
      `(async () => (await (await fetch("map?cells=9000")).json()).cells.length)()`,
    );
    assertEquals(cells, 9000);
    assertEquals(page.browser.complaints, []);
  },
});
