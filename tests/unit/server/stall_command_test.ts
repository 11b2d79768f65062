// The shell that --on-stall starts: its environment, its output, its end.

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  MOST_LINE_CHARACTERS,
  MOST_OUTPUT_LINES,
  readLines,
} from "../../../src/server/limited_lines.ts";
import { runCommand, type RunningCommand } from "../../../src/server/stall_command.ts";
import { closeFd, openFile } from "../../../src/sys/fd.ts";
import { O_RDONLY } from "../../../src/sys/open_flags.ts";
import { until } from "../../harness/tool.ts";

interface Told {
  readonly said: string[];
  readonly warned: string[];
  readonly failed: string[];
}

/** Runs a command to its end. @param meanwhile is called once it runs. */
async function run(
  command: string,
  variables: Record<string, string> = {},
  limitMs?: number,
  meanwhile?: (running: RunningCommand, told: Told) => Promise<void>,
): Promise<Told> {
  const told: Told = { said: [], warned: [], failed: [] };
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = runCommand(command, variables, {
    said: (line, isError) => (isError ? told.warned : told.said).push(line),
    failed: (message) => told.failed.push(message),
    ended: resolve,
  }, limitMs);
  await meanwhile?.(running, told);
  await promise;
  return told;
}

Deno.test("the command has the variables that it is given, a path, and nothing of the program's", async () => {
  Deno.env.set("LISTEN_FDS", "1");
  try {
    const { said, warned, failed } = await run("/usr/bin/env", { DEVICE: "/dev/sdb", SERIAL: "" });
    const names = said.map((line) => line.split("=")[0]).sort();
    // The shell adds some of its own.
    assertEquals(names.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name!)), [
      "DEVICE",
      "PATH",
      "SERIAL",
    ]);
    assert(said.includes("DEVICE=/dev/sdb"));
    assertEquals([warned, failed], [[], []]);
  } finally {
    Deno.env.delete("LISTEN_FDS");
  }
});

Deno.test("no descriptor of the program's is handed on", async () => {
  const fd = openFile(new URL(import.meta.url).pathname, O_RDONLY);
  const { said } = await run("for fd in /proc/$$/fd/*; do readlink $fd; done");
  closeFd(fd);
  assert(said.length >= 3, String(said));
  assertEquals(said.filter((name) => name.includes("stall_command_test")), []);
});

Deno.test("its input is empty, its output is told by line, without control characters", async () => {
  const { said, warned } = await run(
    "wc -c; printf 'a\\033[31mb\\n\\nlast'; printf 'oh\\tno\\n' >&2",
  );
  assertEquals([said, warned], [["0", "a[31mb", "last"], ["ohno"]]);
});

Deno.test("a failure is one sentence", async () => {
  assertEquals((await run("exit 3")).failed, ["the command of --on-stall has failed: exit code 3"]);
  const { failed } = await run("kill -TERM $$");
  assertEquals(failed, ["the command of --on-stall has failed: signal SIGTERM"]);
  const { warned, failed: unknown } = await run("no-such-program");
  assertMatch(warned.join(), /not found/);
  assertEquals(unknown, ["the command of --on-stall has failed: exit code 127"]);
});

/** Whether a process is there and not dead. */
function isAlive(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("a command that takes too long is killed with all that it has started", async () => {
  const { said, failed } = await run("sleep 1000 & echo $!; wait", {}, 300);
  assertEquals(failed, ["the command of --on-stall has not ended within 0.3 s: killed"]);
  await until("its child has ended", () => !isAlive(said[0]!));
});

Deno.test("a command can be ended, and ending it a second time does nothing", async () => {
  const { failed } = await run(
    "echo begun; sleep 1000",
    {},
    undefined,
    async (running, { said }) => {
      await until("it runs", () => said.length > 0);
      running.kill();
      running.kill();
    },
  );
  assertEquals(failed, ["the command of --on-stall has failed: signal SIGKILL"]);
});

Deno.test("what it leaves in the background does not keep it from being over", async () => {
  const { said } = await run("sleep 1000 & echo $!");
  assert(isAlive(said[0]!));
  Deno.kill(Number(said[0]), "SIGKILL");
});

Deno.test("a flood of output is cut, and does not end the program", async () => {
  const { said } = await run("while :; do echo 0123456789; done 2>/dev/null", {}, 10_000);
  assertEquals(said.length, MOST_OUTPUT_LINES);
  const { said: long } = await run("head -c 100000 /dev/zero | tr '\\0' x");
  assertEquals(long.map(({ length }) => length), [MOST_LINE_CHARACTERS]);
});

Deno.test("a line that comes in pieces is one line, and characters in pieces are characters", async () => {
  const bytes = new TextEncoder().encode("gr\u00fcn\nrot");
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const lines: string[] = [];
  await readLines(stream, (text) => lines.push(text)).end();
  assertEquals(lines, ["gr\u00fcn", "rot"]);
});
