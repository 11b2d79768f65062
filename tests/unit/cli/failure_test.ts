import { assert, assertEquals } from "@std/assert";
import { AssertionError } from "../../../src/base/assert.ts";
import { UserError } from "../../../src/base/errors.ts";
import { reportFailure } from "../../../src/cli/failure.ts";
import type { LogLevel } from "../../../src/ui/terminal.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { FakeTerminal } from "../ui/fake_terminal.ts";

async function told(
  error: unknown,
  { level = "info", json = false }: { level?: LogLevel; json?: boolean } = {},
): Promise<{ code: number; stdout: string; lines: string[] }> {
  const terminal = new FakeTerminal();
  terminal.level = level;
  terminal.json = json;
  const code = reportFailure(error, terminal);
  await terminal.close();
  const { stdout, stderr } = terminal.written;
  return { code, stdout, lines: stderr.trimEnd().split("\n") };
}

Deno.test("what the user can put right is a sentence, hints and the exit code", async () => {
  const error = new UserError("no medium", { hints: ["insert a disc"], exitCode: 3 });
  assertEquals(await told(error), {
    code: 3,
    stdout: "",
    lines: ["blkcache: error: no medium", "blkcache: hint: insert a disc"],
  });
});

Deno.test("what the system refuses is a sentence", async () => {
  const { code, lines } = await told(new SystemError(5, "open", { path: "/dev/sr0" }));
  assertEquals(code, 1);
  assertEquals(lines, ['blkcache: error: cannot open "/dev/sr0": Input/output error (EIO)']);
});

Deno.test("what nobody expected names the way to its details", async () => {
  const { code, lines } = await told(new TypeError("x is not a function"));
  assertEquals(code, 1);
  assertEquals(lines, [
    "blkcache: error: unexpected: x is not a function",
    "blkcache: hint: for the details, run it again with --log-level debug",
  ]);
  assertEquals((await told("thrown text")).lines[0], "blkcache: error: unexpected: thrown text");
});

Deno.test("with --log-level debug the stacks of an error and its causes are shown", async () => {
  const error = new UserError("outer", { cause: new Error("inner") });
  const { lines } = await told(error, { level: "debug" });
  assert(lines.some((line) => line.startsWith("blkcache: debug:     at ")), lines.join("\n"));
  assert(lines.includes("blkcache: debug: Error: inner"));
});

Deno.test("a bug shows its stack even when quiet", async () => {
  const { code, lines } = await told(new AssertionError("2 is odd"), { level: "error" });
  assertEquals(code, 1);
  assertEquals(lines[0], "blkcache: error: assertion failed: 2 is odd");
  assertEquals(lines[2], "AssertionError: 2 is odd");
  assert(lines[3]?.startsWith("    at "));
});

Deno.test("with --json the error is an object on stdout as well", async () => {
  const { stdout } = await told(new UserError("no", { hints: ["h"], exitCode: 2 }), { json: true });
  assertEquals(JSON.parse(stdout), {
    event: "error",
    message: "no",
    hints: ["h"],
    exitCode: 2,
    meaning: "wrong usage, nothing was touched",
  });
});
