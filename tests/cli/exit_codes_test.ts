// What the program exits with, as a script sees it: `&& eject` must be safe however a run ends.

import { assert, assertEquals } from "@std/assert";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { Program, programCommand, runProgram } from "../harness/program.ts";
import { isRoot } from "../harness/requires.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool, tryTool, until } from "../harness/tool.ts";

const MIB = 1_048_576;
const SIZE = 8 * MIB;
const COMPLETE = ["--fill", "--exit-when-complete"];
/** Some seconds from its end for as long as a test can take. */
const SLOW = "--rate=256Ki";

/** Arguments of a run in `folder`. */
function serve(folder: TestFolder, ...options: string[]): string[] {
  const device = folder.noise("device", SIZE);
  return ["serve", device, folder.file("image"), `--socket=${folder.file("socket")}`, ...options];
}

/** Waits until a run has read what was not needed to identify the device. */
async function isUnderWay(program: Program, image: string): Promise<void> {
  await program.ready();
  await until("the image grows", () => (Deno.statSync(image).blocks ?? 0) * 512 > MIB / 4);
}

const SIGNALS: readonly [signal: Deno.Signal, code: number][] = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
];

for (const [signal, code] of SIGNALS) {
  Deno.test(`${signal} before the end is ${code}, and the map is saved`, async () => {
    using folder = new TestFolder();
    const args = serve(folder, ...COMPLETE, SLOW);
    await using program = Program.start(args);
    await isUnderWay(program, folder.file("image"));
    program.signal(signal);
    const ended = await program.ended();
    assertEquals(ended.code, code, ended.stderr);
    const areas = areasOf(folder.file("image.map"));
    assert(bytesWith("+", areas) < SIZE, "it was not before the end");
    assert(bytesWith("+", areas) > 0, "nothing was saved");
  });

  Deno.test(`without --exit-when-complete ${signal} is an ordered end: 0`, async () => {
    using folder = new TestFolder();
    await using program = Program.start(serve(folder, "--fill", SLOW));
    await isUnderWay(program, folder.file("image"));
    program.signal(signal);
    const ended = await program.ended();
    assertEquals(ended.code, 0, ended.stderr);
  });
}

Deno.test("`&& eject` does not happen after an interruption, and does after the same command's end", async () => {
  using folder = new TestFolder();
  const words = [...programCommand(), ...serve(folder, ...COMPLETE)];
  const script = (...more: string[]) =>
    `${[...words, ...more].map((word) => `'${word}'`).join(" ")} && echo ejected`;
  const shell = new Deno.Command("sh", {
    args: ["-c", `echo $$; ${script(SLOW)}`],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = new TextDecoderStream();
  let text = "";
  const read = shell.stdout.pipeThrough(output).pipeTo(
    new WritableStream({ write: (chunk) => void (text += chunk) }),
  );
  await until("it is ready", () => text.includes("ready "));
  const [child] = (await tool("pgrep", ["-P", text.split("\n")[0]!])).trim().split("\n");
  Deno.kill(Number(child), "SIGTERM");
  assertEquals((await shell.status).code, 143);
  await read;
  assert(!text.includes("ejected"), text);

  const { code, stdout } = await tryTool("sh", ["-c", script()]);
  assertEquals(code, 0);
  assert(stdout.includes("ejected"), stdout);
  assertSameFile(folder.file("image"), folder.file("device"));
  // Everything has been read already.
  const again = await tryTool("sh", ["-c", script()]);
  assertEquals(again.code, 0);
  assert(again.stdout.includes("ejected"), again.stdout);
});

Deno.test("a map that cannot be saved at the end is a failure, however the run ends", async () => {
  for (const options of [COMPLETE, ["--fill"]]) {
    using folder = new TestFolder();
    const maps = folder.file("maps");
    Deno.mkdirSync(maps);
    const args = serve(folder, ...options, SLOW, `--map=${maps}/map`);
    await using program = Program.start(args);
    await isUnderWay(program, folder.file("image"));
    Deno.removeSync(maps, { recursive: true });
    program.signal("SIGTERM");
    const { code, stderr } = await program.ended();
    assertEquals(code, 1, stderr);
  }
});

Deno.test("all is + in an image that has been deleted: a failure", async () => {
  using folder = new TestFolder();
  await using program = Program.start(serve(folder, ...COMPLETE, "--rate=4M"));
  await isUnderWay(program, folder.file("image"));
  Deno.removeSync(folder.file("image"));
  const { code, stderr } = await program.ended();
  assertEquals(code, 1, stderr);
  assert(stderr.includes("has been deleted"), stderr);
});

Deno.test("an image that has been cut short: a failure, not an interruption", async () => {
  using folder = new TestFolder();
  await using program = Program.start(serve(folder, ...COMPLETE, SLOW, "--save-interval=0.1"));
  await isUnderWay(program, folder.file("image"));
  Deno.truncateSync(folder.file("image"), 4096);
  await program.waitForLine("stderr", /has been cut short/);
  program.signal("SIGTERM");
  const { code, stderr } = await program.ended();
  assertEquals(code, 1, stderr);
});

Deno.test("a domain that is complete is 0, and the run says that it means the domain", async () => {
  using folder = new TestFolder();
  const domain = folder.file("domain");
  Deno.writeTextFileSync(domain, "0 + 1\n0 0x100000 ?\n0x100000 0x100000 +\n");
  const { code, stderr } = await runProgram(serve(folder, ...COMPLETE, `--domain=${domain}`));
  assertEquals(code, 0, stderr);
  assert(stderr.includes("all of the domain has been read"), stderr);
});

Deno.test("--json: the last object has the code and what it means", async () => {
  using folder = new TestFolder();
  const { stdout } = await runProgram(serve(folder, ...COMPLETE, "--json"));
  const { event, exitCode, meaning } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  assertEquals([event, exitCode, meaning.slice(0, 24)], ["done", 0, "done: everything is read"]);
});

Deno.test("a run outlives whoever reads what it says, and its code is the run's", async () => {
  using folder = new TestFolder();
  await using program = Program.start(serve(folder, ...COMPLETE, "--rate=4M"));
  await isUnderWay(program, folder.file("image"));
  await program.closeReader("stdout");
  await program.closeReader("stderr");
  assertEquals((await program.ended()).code, 0);
  assertSameFile(folder.file("image"), folder.file("device"));
});

Deno.test("under nohup the terminal's end does not end the run", async () => {
  using folder = new TestFolder();
  const args = serve(folder, ...COMPLETE, "--rate=4M");
  await using program = Program.start(args, { by: ["nohup"] });
  await isUnderWay(program, folder.file("image"));
  program.signal("SIGHUP");
  const { code, stderr } = await program.ended();
  assertEquals(code, 0, stderr);
});

Deno.test({
  name: "mount: whoever unmounts the file before the end interrupts the run",
  ignore: !isRoot(),
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", SIZE);
    const shown = folder.file("shown");
    const args = ["mount", device, shown, folder.file("image"), `--socket=${folder.file("s")}`];
    for (const [end, code] of [["umount", 130], ["SIGTERM", 143], ["", 0]] as const) {
      await using program = Program.start([...args, ...COMPLETE, ...end === "" ? [] : [SLOW]]);
      if (end !== "") await isUnderWay(program, folder.file("image"));
      if (end === "umount") await tool("umount", [shown]);
      if (end === "SIGTERM") program.signal(end);
      const ended = await program.ended();
      assertEquals(ended.code, code, ended.stderr);
    }
    assertSameFile(folder.file("image"), device);
  },
});

Deno.test("output that a full disk does not take is a failure of a command that is for its output", async () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("map"), "0 + 1\n0 0x1000 +\n");
  const words = [...programCommand(), "map", folder.file("map")].map((word) => `'${word}'`);
  const full = await tryTool("sh", ["-c", `${words.join(" ")} >/dev/full`]);
  assertEquals(full.code, 1);
  assert(full.stderr.includes("cannot write the output: No space left on device"), full.stderr);
  const unread = await tryTool("sh", ["-c", `{ ${words.join(" ")}; echo $? >&2; } | true`]);
  assertEquals(unread.stderr.trim(), "0");
});
