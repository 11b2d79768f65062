// The status of `serve` and the screen of `map --watch` as a person sees them, in windows of several sizes.

import { assert, assertEquals } from "@std/assert";
import { hasTools } from "../harness/requires.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { Tmux } from "../harness/tmux.ts";

const MIB = 1024 ** 2;
const ignore = !hasTools("tmux");

/** A device of 8 MiB of which an earlier rescue has the first quarter and knows a bad sector. */
function rescueBegun(): TestFolder {
  const folder = new TestFolder();
  folder.noise("dev.bin", 8 * MIB);
  Deno.copyFileSync(folder.file("dev.bin"), folder.file("dev.img"));
  Deno.writeTextFileSync(
    folder.file("dev.img.map"),
    "0 ? 1\n0 0x200000 +\n0x200000 0x200 -\n0x200200 0x1FFE00 *\n0x400000 0x400000 ?\n",
  );
  return folder;
}

function serve(folder: TestFolder, columns: number, env: Record<string, string> = {}) {
  const args = ["serve", "dev.bin", "dev.img", "--socket=s.sock"];
  return Tmux.start(args, { columns, dir: folder.path, env });
}

/** The last three lines with something in them: the status. */
function status(lines: readonly string[]): string[] {
  return lines.filter((line) => line !== "").slice(-3);
}

const hasStatus = (lines: string[]) => /^cached .*bad/.test(status(lines)[1] ?? "");

const WIDTHS: readonly [columns: number, activity: string, shares: string][] = [
  [40, "dev.bin  0 bytes/s  0 clients", "cached 25.0%  bad 512 bytes"],
  [
    80,
    "dev.bin  0 bytes/s  average 0 bytes/s  0 clients",
    "cached 2 MiB 25.0%  bad 512 bytes <0.1%  missing 6 MiB 75.0%",
  ],
  [
    200,
    "dev.bin  0 bytes/s  average 0 bytes/s  0 clients",
    "cached 2 MiB 25.0%  bad 512 bytes <0.1%  missing 6 MiB 75.0%",
  ],
];

for (const [columns, activity, shares] of WIDTHS) {
  Deno.test({
    name: `the status in a window of ${columns} columns, which is gone at the end`,
    ignore,
    async fn() {
      using folder = rescueBegun();
      await using terminal = await serve(folder, columns, { NO_COLOR: "1" });
      const lines = status(await terminal.linesWhen("there is a status", hasStatus));
      assertEquals(lines.slice(0, 2), [activity, shares]);
      const cells = columns - 1;
      const bar = /^(\++)(-)(\**)(\?+)$/.exec(lines[2]);
      if (bar === null) throw new Error(`not the bar: ${lines[2]}`);
      assertEquals(lines[2].length, cells);
      assertEquals(bar[1].length, Math.floor(cells / 4));
      assert(Math.abs(bar[4].length - cells / 2) <= 1, lines[2]);

      await terminal.press("C-c");
      const end = await terminal.linesAtEnd();
      assert(end.some((line) => line.includes("read from the device in")), end.join("\n"));
      assertEquals(end.filter((line) => /^cached |^dev.bin /.test(line)), []);
    },
  });
}

Deno.test({
  name: "the status survives a window that becomes narrow and wide again",
  ignore,
  async fn() {
    using folder = rescueBegun();
    await using terminal = await serve(folder, 120);
    const before = await terminal.linesWhen("there is a status", hasStatus);
    const above = before.slice(0, before.findIndex((line) => line.startsWith("dev.bin  ")));
    for (const columns of [50, 200, 30, 120]) {
      await terminal.resize(columns);
      const lines = await terminal.linesWhen(
        `the status has ${columns} columns`,
        (lines) => hasStatus(lines) && status(lines)[2].length === columns - 1,
      );
      assertEquals(lines.filter((line) => /^cached /.test(line)).length, 1, lines.join("\n"));
      assertEquals(lines.filter((line) => line.startsWith("dev.bin ")).length, 1);
    }
    // tmux moves lines out of the window as it wraps others, but nothing may be overwritten.
    const after = await terminal.history();
    assertEquals(after.slice(0, above.length), above);
  },
});

Deno.test({
  name: "the bar has colours unless they are not wanted",
  ignore,
  async fn() {
    for (const [env, isColored] of [[{}, true], [{ NO_COLOR: "1" }, false]] as const) {
      using folder = rescueBegun();
      await using terminal = await serve(folder, 80, env);
      await terminal.linesWhen("there is a status", hasStatus);
      const bar = status(await terminal.lines(true))[2];
      assertEquals(bar.includes("\x1b[41m"), isColored, JSON.stringify(bar));
      assertEquals(bar.includes("█"), isColored, bar);
    }
  },
});

Deno.test({
  name: "map --watch follows on a screen of its own and leaves the last state behind",
  ignore,
  async fn() {
    using folder = rescueBegun();
    await using terminal = await Tmux.start(["map", "--watch", "dev.img.map"], {
      columns: 90,
      rows: 40,
      dir: folder.path,
    });
    await terminal.linesWhen(
      "the map is drawn",
      (lines) => lines.some((line) => /finished +2 MiB/.test(line)),
    );
    Deno.writeTextFileSync(folder.file("dev.img.map"), "0 + 1\n0 0x800000 +\n");
    const drawn = await terminal.linesWhen(
      "the new map is drawn",
      (lines) => lines.some((line) => /finished +8 MiB +100%/.test(line)),
    );
    assert(drawn.includes("All of it is finished: nothing is left to read."));
    await terminal.press("C-c");
    const left = await terminal.linesAtEnd();
    assert(left.some((line) => /finished +8 MiB +100%/.test(line)), left.join("\n"));
  },
});
