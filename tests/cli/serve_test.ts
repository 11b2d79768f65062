// `serve` as a user runs it: what it prints, how it is stopped, what it leaves behind.

import { assert, assertEquals } from "@std/assert";
import { Program, runProgram } from "../harness/program.ts";

/** A directory with a device of 256 KiB in it, and serve's arguments for it. */
function workplace(): { dir: string; args: string[] } & Disposable {
  const dir = Deno.makeTempDirSync({ prefix: "blkcache-test-" });
  const bytes = new Uint8Array(256 * 1024);
  crypto.getRandomValues(bytes.subarray(0, 65536));
  Deno.writeFileSync(`${dir}/dev.bin`, bytes);
  return {
    dir,
    args: ["serve", "dev.bin", "dev.img", "--socket", `${dir}/s.sock`],
    [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }),
  };
}

/** Asks for the status. The program must have said something before: then it listens to the signal. */
function statusLine(program: Program): Promise<string> {
  program.signal("SIGUSR1");
  return program.waitForLine("stderr", /cached .* bad .* missing /);
}

Deno.test("serve says that it is ready and what to type next, and stops when interrupted", async () => {
  using place = workplace();
  const { dir, args } = place;
  await using program = Program.start([...args, "--listen", "0"], { dir });
  const uri = await program.ready();
  assertEquals(uri, `nbd+unix:///?socket=${dir}/s.sock`);
  assert(await program.waitForLine("stdout", /^also nbd:\/\/127\.0\.0\.1:[1-9]\d*\/?$/));
  await program.waitForLine("stdout", /^next: modprobe nbd/);
  assertEquals(program.stdout.split("\n")[0], `ready ${uri}`);
  await statusLine(program);
  program.signal("SIGINT");
  const { code, stdout, stderr } = await program.ended();
  assertEquals(code, 0, stderr);
  assert(stderr.startsWith('blkcache: new image "dev.img", map "dev.img.map"\n'), stderr);
  for (const line of stdout.trimEnd().split("\n").slice(1)) {
    assert(/^(also|next:) /.test(line), line);
  }
  const files = Array.from(Deno.readDirSync(dir), ({ name }) => name).sort();
  assertEquals(files.filter((name) => !name.endsWith(".bak")), [
    "dev.bin",
    "dev.img",
    "dev.img.json",
    "dev.img.map",
  ]);
});

Deno.test("with --json stdout is nothing but objects", async () => {
  using place = workplace();
  const { dir, args } = place;
  await using program = Program.start([...args, "--json"], { dir });
  await program.waitForLine("stdout", /"event":"progress"/);
  program.signal("SIGTERM");
  const { code, stdout, stderr } = await program.ended();
  assertEquals(code, 0, stderr);
  const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const ready = events.find(({ event }) => event === "ready");
  assertEquals(ready.uri, `nbd+unix:///?socket=${dir}/s.sock`);
  const done = events.at(-1);
  assertEquals([done.event, done.exitCode, done.size], ["done", 0, 262144]);
  assertEquals(done.totals.nonTried + done.totals.finished, 262144);
});

Deno.test("when quiet only the ready line is left", async () => {
  using place = workplace();
  const { dir, args } = place;
  await using program = Program.start([...args, "--quiet"], { dir });
  const uri = await program.ready();
  program.signal("SIGTERM");
  const { code, stdout, stderr } = await program.ended();
  assertEquals([code, stdout, stderr], [0, `ready ${uri}\n`, ""]);
});

Deno.test("readers that go away do not stop the server", async () => {
  using place = workplace();
  const { dir, args } = place;
  await using deaf = Program.start([...args, "--json"], { dir });
  await deaf.closeReader("stdout");
  await deaf.waitForLine("stderr", /image "dev\.img"/);
  await statusLine(deaf);
  deaf.signal("SIGTERM");
  assertEquals((await deaf.ended()).code, 0);

  await using mute = Program.start([...args, "--log-level", "debug"], { dir });
  await mute.closeReader("stderr");
  await mute.ready();
  mute.signal("SIGTERM");
  assertEquals((await mute.ended()).code, 0);
});

Deno.test("a network address is served with a warning", async () => {
  using place = workplace();
  const { dir, args } = place;
  await using program = Program.start([...args, "--listen", "0.0.0.0:0"], { dir });
  await program.ready();
  await program.waitForLine("stderr", /^blkcache: warning: everybody who can reach 0\.0\.0\.0 /);
});

Deno.test("a device that is not there is an error with a hint, and leaves nothing behind", async () => {
  const { code, stdout, stderr, files } = await runProgram(["serve", "nothing.bin", "dev.img"]);
  assertEquals([code, stdout, files], [1, "", []]);
  const [error, hint] = stderr.split("\n");
  assertEquals(
    error,
    'blkcache: error: cannot open "nothing.bin": No such file or directory (ENOENT)',
  );
  assert(hint.startsWith("blkcache: hint: "), stderr);
});
