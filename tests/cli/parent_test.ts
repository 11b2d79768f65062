// A server that its client has started ends with it, also when the client has gone before the server could look;
// one that a service manager has started does not. The image is named with who uses it.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { programCommand, runProgram } from "../harness/program.ts";
import { hasTools } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { exists, TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

const SIZE = 1 << 20;
const GIVE = new URL("../harness/give_sockets.py", import.meta.url).pathname;
/** Longer than a server waits for a further client. */
const STAYS_MS = 4000;
const ignore = !hasTools("python3", "nbdcopy", "sh");

const isThere = (pid: number) => exists(`/proc/${pid}`) && !isDead(pid);
/** Ended, and not yet waited for by whoever adopts orphans here. */
function isDead(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

async function pidIn(path: string): Promise<number> {
  await until("the program has started", () => exists(path));
  return Number(Deno.readTextFileSync(path));
}

/** Runs a program whose output nobody reads. @returns its exit code. */
async function run(dir: string, ...[name, ...args]: string[]): Promise<number> {
  const command = new Deno.Command(name!, {
    args,
    cwd: dir,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  return (await command.spawn().status).code;
}

/** An image whose second half cannot be read. */
function makeHurtImage(folder: TestFolder): void {
  folder.noise("image", SIZE);
  const lines = ["0x0 + 1", `0 ${SIZE / 2} +`, `${SIZE / 2} ${SIZE / 2} -`];
  Deno.writeTextFileSync(folder.file("image.map"), `${lines.join("\n")}\n`);
}

/** Words for `sh -c` that note the number of the process and become the program. */
const noting = (
  path: string,
) => ["sh", "-c", `echo $$ > ${path}.new; mv ${path}.new ${path}; exec "$@"`, "sh"];

Deno.test({
  name: "a server that nbdcopy has started ends with it, after a read error too",
  ignore,
  async fn() {
    using folder = new TestFolder();
    makeHurtImage(folder);
    const server = [...noting("pid"), ...programCommand(), "serve", "--offline", "image"];
    const code = await run(folder.path, "nbdcopy", "--", "[", ...server, "]", "null:");
    assert(code !== 0, "nbdcopy has met the error");
    const pid = await pidIn(folder.file("pid"));
    await until("the server has ended", () => !isThere(pid));
  },
});

for (const leader of [false, true]) {
  Deno.test({
    name: leader
      ? "a server that a service manager has started stays without clients"
      : "a server whose client has gone before it could look ends",
    ignore,
    async fn() {
      using folder = new TestFolder();
      folder.noise("device", SIZE);
      const sockets = [{ unix: folder.file("socket") }];
      const spec = JSON.stringify({ sockets, orphan: folder.file("pid"), leader });
      const serve = ["serve", "device", "image", "--quiet"];
      await run(folder.path, "/usr/bin/python3", GIVE, spec, ...programCommand(), ...serve);
      const pid = await pidIn(folder.file("pid"));
      if (!leader) return await until("the server has ended", () => !isThere(pid));
      await until("it serves", () => exists(folder.file("image.map")));
      await new Promise((resolve) => setTimeout(resolve, STAYS_MS));
      assert(isThere(pid), "it has ended");
      Deno.kill(pid, "SIGTERM");
      await until("the server has ended", () => !isThere(pid));
    },
  });
}

Deno.test({
  name: "with --exit-with-parent a server ends in order when the program ends that has started it",
  ignore,
  async fn() {
    using folder = new TestFolder();
    folder.noise("device", SIZE);
    const serve = ["serve", "device", "image", "--socket=socket", "--exit-with-parent"];
    const words = [...noting("pid"), ...programCommand(), ...serve];
    const parent = new Deno.Command("sh", {
      args: ["-c", '"$@" & read line', "sh", ...words],
      cwd: folder.path,
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const pid = await pidIn(folder.file("pid"));
    await until("it serves", () => exists(folder.file("image.map")));
    assert(isThere(pid));
    await parent.stdin.close();
    await parent.status;
    await until("the server has ended", () => !isThere(pid));
    assert(!exists(folder.file("socket")), "it has not ended in order");
  },
});

Deno.test("an image in use is named with the process that uses it", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", SIZE);
  await using served = await Served.start(device, { dir: folder.path });
  const { code, stderr } = await runProgram(["serve", "device", "image", "--socket=other"], {
    dir: folder.path,
  });
  assertEquals(code, 1);
  assertMatch(
    stderr,
    new RegExp(`using the image "image" \\(process ${served.program.pid}: .+\\)`),
  );
});
