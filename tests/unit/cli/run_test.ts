// The command line from its arguments to its exit code, on a terminal of the test's own.
import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { commandHelp, overview } from "../../../src/cli/help.ts";
import { manualPage } from "../../../src/cli/manual_page.ts";
import { run } from "../../../src/cli/run.ts";
import { Terminal } from "../../../src/ui/terminal.ts";
import { TestFolder } from "../../harness/test_folder.ts";
import { FakeTerminal } from "../ui/fake_terminal.ts";

async function ran(...args: string[]) {
  const terminal = new FakeTerminal();
  const code = await run(args, () => terminal);
  return { code, ...terminal.written };
}

Deno.test("version, help and manual are what a script gets on stdout", async () => {
  const version = await ran("--version");
  assertEquals([version.code, version.stderr], [0, ""]);
  assert(version.stdout.startsWith(`blkcache ${config.version} (commit `), version.stdout);
  const rows: readonly [args: string[], lines: string[]][] = [
    [["--help"], overview()],
    [["help"], overview()],
    [["help", "serve"], commandHelp("serve")],
    [["serve", "--help"], commandHelp("serve")],
    [["help", "--man"], manualPage()],
  ];
  for (const [args, lines] of rows) {
    const expected = { code: 0, stdout: lines.map((line) => `${line}\n`).join(""), stderr: "" };
    assertEquals(await ran(...args), expected, args.join(" "));
  }
  const { code, stdout } = await ran("completions", "fish");
  assertEquals([code, stdout.split("\n")[0]], [0, "# Completion of blkcache for fish."]);
});

Deno.test("a wrong command line is 2, with an error and hints on stderr alone", async () => {
  for (const args of [[], ["serve"], ["detekt"], ["map", "--watch", "-"], ["completions", "ksh"]]) {
    const { code, stdout, stderr } = await ran(...args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^blkcache: error: .*\n(blkcache: hint: .*\n)+$/);
  }
});

Deno.test("a map is reported; one that is not there is a failure, with --json an object as well", async () => {
  using folder = new TestFolder();
  const path = folder.file("a.map");
  Deno.writeTextFileSync(path, "0 + 1\n0 4096 +\n");
  const { code, stdout } = await ran("map", path, "--json");
  assertEquals([code, JSON.parse(stdout).totals.finished], [0, 4096]);
  const missing = await ran("map", folder.file("none"), "--json");
  assertEquals(missing.code, 1);
  const { event, exitCode, message } = JSON.parse(missing.stdout);
  assertEquals([event, exitCode], ["error", 1]);
  assert(missing.stderr.startsWith(`blkcache: error: ${message}\n`));
});

Deno.test("--quiet leaves out warnings, --log-level decides what is said", async () => {
  using folder = new TestFolder();
  const path = folder.file("big.map");
  Deno.writeTextFileSync(path, `0 ? 1\n0 0x1000 +\n0x1000 0x${(2n ** 62n).toString(16)} ?\n`);
  assertMatch((await ran("map", path)).stderr, /warning: /);
  assertEquals((await ran("map", path, "--quiet")).stderr, "");
  assertEquals((await ran("map", path, "--log-level=error")).stderr, "");
});

Deno.test("output that is lost is a failure; a reader that has gone is none", async () => {
  const outcomes: readonly [error: Error, code: number][] = [
    [new Error("no space left on device"), 1],
    [new Deno.errors.BrokenPipe("the reader has gone"), 0],
  ];
  for (const [error, expected] of outcomes) {
    const fake = new FakeTerminal();
    let said = "";
    const terminal = new Terminal({
      stdout: { isTerminal: false, sink: { write: () => Promise.reject(error) } },
      stderr: {
        isTerminal: false,
        sink: {
          write(bytes) {
            said += new TextDecoder().decode(bytes);
            return Promise.resolve(bytes.length);
          },
        },
      },
      canRewrite: false,
      colors: false,
      unicode: true,
      size: () => ({ columns: fake.columns, rows: 24 }),
    });
    assertEquals(await run(["--version"], () => terminal), expected, error.message);
    const sentence = "blkcache: error: cannot write the output: no space left on device\n";
    assertEquals(said, expected === 1 ? sentence : "");
  }
});

Deno.test("in a directory that is gone nothing is served, and what needs none works", async () => {
  const before = Deno.cwd();
  const folder = Deno.makeTempDirSync({ prefix: "blkcache-test-" });
  Deno.chdir(folder);
  Deno.removeSync(folder);
  try {
    for (const args of [["serve", "/dev/x"], ["detect"]]) {
      const { code, stderr } = await ran(...args);
      assertEquals(code, 1);
      assertMatch(stderr, /error: the current directory has been removed/);
    }
    assertEquals((await ran("help")).code, 0);
  } finally {
    Deno.chdir(before);
  }
});

Deno.test("a server that cannot start has the code of the refusal, and says so on stderr", async () => {
  using folder = new TestFolder();
  const args = ["serve", folder.file("none"), folder.file("image"), "--socket", folder.file("s")];
  const { code, stdout, stderr } = await ran(...args);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^blkcache: error: .*"[^"]*none"/);
  assertEquals(folder.listing(), []);
});

Deno.test("who opens a port to all is warned before anything else goes wrong", async () => {
  using folder = new TestFolder();
  const args = ["serve", folder.file("none"), folder.file("image"), "--socket", folder.file("s")];
  const open = ["--listen=0.0.0.0:0", "--http=0.0.0.0:0"];
  const { stderr, stdout } = await ran(...args, ...open, "--json");
  assertMatch(
    stderr,
    /warning: everybody who can reach 0\.0\.0\.0 will be able to read the device\n/,
  );
  assertMatch(
    stderr,
    /warning: everybody who can reach this machine will be able to see the live page/,
  );
  const page = stdout.split("\n").map((line) => line && JSON.parse(line)).find(({ event }) =>
    event === "page"
  );
  assertMatch(page.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const writable = await ran(...args, "--listen=0.0.0.0:0", `--overlay=${folder.file("o")}`);
  assertMatch(writable.stderr, /will be able to read and write the device\n/);
});
