import { assertEquals } from "@std/assert";
import { FakeTerminal } from "./fake_terminal.ts";

/** Before the first drawing, and before the next ones. */
const FIRST = "\r\x1b[J";
const START = "\r";
const REST = "\x1b[K\x1b[J\r";
const GONE = "\r\x1b[J";

Deno.test("results go to stdout and everything else to stderr", async () => {
  const terminal = new FakeTerminal();
  terminal.say("ready x", "next: y");
  terminal.record({ event: "ready" });
  terminal.info("an info");
  terminal.warning("a warning", ["do this"]);
  terminal.error("an error", ["do that", "or that"]);
  await terminal.close();
  assertEquals(terminal.written.stdout, 'ready x\nnext: y\n{"event":"ready"}\n');
  assertEquals(
    terminal.written.stderr,
    "blkcache: an info\nblkcache: warning: a warning\nblkcache: hint: do this\n" +
      "blkcache: error: an error\nblkcache: hint: do that\nblkcache: hint: or that\n",
  );
});

const LEVELS = [
  ["error", ["error"]],
  ["warning", ["error", "warning", "hint"]],
  ["info", ["error", "warning", "hint", "info"]],
  ["debug", ["error", "warning", "hint", "info", "debug"]],
] as const;

for (const [level, shown] of LEVELS) {
  Deno.test(`--log-level ${level} shows ${shown.join(", ")}`, async () => {
    const terminal = new FakeTerminal();
    terminal.level = level;
    terminal.error("error");
    terminal.warning("warning", ["hint"]);
    terminal.info("info");
    terminal.debug("debug");
    await terminal.close();
    const words = terminal.written.stderr.trimEnd().split("\n").map((line) =>
      line.match(/\w+$/)?.[0]
    );
    assertEquals(words, [...shown]);
  });
}

Deno.test("control characters never get through", async () => {
  const terminal = new FakeTerminal();
  terminal.error("a\x1b[2Jb\nc\u202ed", ["e\rf"]);
  terminal.say("g\x07h");
  terminal.stack("one\n\x1btwo");
  await terminal.close();
  assertEquals(
    terminal.written.stderr,
    "blkcache: error: a[2Jbcd\nblkcache: hint: ef\none\ntwo\n",
  );
  assertEquals(terminal.written.stdout, "gh\n");
});

Deno.test("labels have colours only where they are wanted", async () => {
  const terminal = new FakeTerminal({ isTerminal: true, colors: true });
  terminal.error("a");
  terminal.info("b");
  await terminal.close();
  assertEquals(terminal.written.stderr, "blkcache: \x1b[31merror\x1b[0m: a\nblkcache: b\n");
  const pipe = new FakeTerminal({ colors: true });
  pipe.error("a");
  pipe.say([{ text: "c", color: "red" }]);
  await pipe.close();
  assertEquals(pipe.written, { stdout: "c\n", stderr: "blkcache: error: a\n" });
});

Deno.test("the status is rewritten in place and makes way for messages", async () => {
  const terminal = new FakeTerminal({ isTerminal: true });
  terminal.status(() => ["10%"]);
  terminal.status(() => ["10%"]);
  terminal.status(() => ["20%"]);
  terminal.info("news");
  terminal.say("result");
  terminal.status(() => ["30%"]);
  await terminal.close();
  assertEquals(
    terminal.both.join(""),
    `${FIRST}10%${REST}${START}20%${REST}${GONE}blkcache: news\n20%\x1b[K\r` +
      `${GONE}result\n20%\x1b[K\r${START}30%${REST}${GONE}`,
  );
});

Deno.test("a status of several lines is rewritten from its first", async () => {
  const terminal = new FakeTerminal({ isTerminal: true });
  terminal.status(() => ["a", "b", "c"]);
  terminal.status(() => ["d"]);
  terminal.status(() => ["e"]);
  await terminal.close();
  assertEquals(
    terminal.both.join(""),
    `${FIRST}a\x1b[K\r\nb\x1b[K\r\nc${REST}\r\x1b[2Ad${REST}${START}e${REST}${GONE}`,
  );
});

Deno.test("a window that has become narrower has wrapped the lines", async () => {
  const window = { columns: 21, rows: 24 };
  const terminal = new FakeTerminal({ isTerminal: true, size: window });
  terminal.status(() => ["x".repeat(20), "y".repeat(9)]);
  window.columns = 10;
  terminal.status(() => ["z"]);
  await terminal.close();
  // The cursor was before the last line: up by the two rows of the first.
  assertEquals(terminal.both.join("").split("\r\x1b[2A\x1b[J").length, 2);
});

Deno.test("the status is never as wide as the terminal", async () => {
  const asked: number[] = [];
  const terminal = new FakeTerminal({ isTerminal: true, columns: 10 });
  terminal.status(({ columns }) => (asked.push(columns), ["x".repeat(50)]));
  await terminal.close();
  assertEquals(asked, [9]);
  assertEquals(terminal.both.join(""), `${FIRST}${"x".repeat(9)}${REST}${GONE}`);
});

Deno.test("a screen is entered once, drawn when something changes, and left", async () => {
  const terminal = new FakeTerminal({ isTerminal: true, size: { columns: 5, rows: 2 } });
  terminal.screen(["long line", "b", "c"]);
  terminal.screen(["long line", "b", "c"]);
  terminal.screen(["d"]);
  terminal.leaveScreen();
  await terminal.close();
  assertEquals(
    terminal.written.stdout,
    "\x1b[?1049h\x1b[?25l\x1b[Hlong\x1b[K\r\nb\x1b[K\x1b[J\x1b[Hd\x1b[K\x1b[J\x1b[?25h\x1b[?1049l",
  );
});

Deno.test("there is no status line on a pipe, with JSON, or when only errors are wanted", async () => {
  for (const set of ["pipe", "json", "quiet"]) {
    const terminal = new FakeTerminal({ isTerminal: set !== "pipe" });
    terminal.json = set === "json";
    if (set === "quiet") terminal.level = "error";
    assertEquals(terminal.isLive, false);
    terminal.status(() => ["10%"]);
    await terminal.close();
    assertEquals(terminal.both, [], set);
  }
});
