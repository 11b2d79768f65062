// The system lets the program have little: descriptors, threads, large files. It serves as many as fit, or refuses
// to start with one sentence; it never ends in the middle, and the map is saved.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { MEDIUM_DESCRIPTORS } from "../../src/server/descriptor_budget.ts";
import { Client } from "../conformance/harness.ts";
import { CLIENT_FLAGS, CMD, OPT, option, request } from "../conformance/wire.ts";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { readThrough } from "../harness/nbd_client.ts";
import { Program, programCommand, runProgram } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameFile, exists, TestFolder } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";

const KIB = 1024;
const SIZE = 1024 * KIB;
const PIECE = 64 * KIB;
/** What the runtime says when it gives up. */
const COLLAPSE = /panick|Uncaught|Fatal|stack trace|RUST_BACKTRACE/;
const ignore = !hasTools("prlimit", "setpriv", "nbdcopy");

/** A client that has a session and keeps it: it has read a sector, and is in the middle of its next request. */
async function connected(
  address: Deno.UnixConnectOptions | Deno.ConnectOptions,
): Promise<Client> {
  const connection = "path" in address ? Deno.connect(address) : Deno.connect(address);
  const client = new Client(await connection, 60_000);
  await client.greeting();
  await client.send(CLIENT_FLAGS, option(OPT.EXPORT_NAME));
  await client.read(10);
  const read = { type: CMD.READ, length: 512 };
  await client.request(read);
  await client.data(512);
  await client.send(request(read).subarray(0, 13));
  return client;
}

const onSocket = (folder: TestFolder) => ({
  transport: "unix" as const,
  path: folder.file("socket"),
});

/** Connections to the page that send half a request each and then nothing. */
async function halfRequests(port: number, count: number): Promise<Deno.TcpConn[]> {
  const halves: Deno.TcpConn[] = [];
  for (let index = 0; index < count; index++) {
    const half = await Deno.connect({ hostname: "127.0.0.1", port });
    await half.write(new TextEncoder().encode("GET / HT"));
    halves.push(half);
  }
  return halves;
}

const descriptors = (pid: number) => Array.from(Deno.readDirSync(`/proc/${pid}/fd`)).length;

for (const limit of [16, 20, 28]) {
  Deno.test({
    name: `${limit} file descriptors: refused with one sentence, and nothing is made`,
    ignore,
    async fn() {
      using folder = new TestFolder();
      folder.noise("device", SIZE);
      const args = ["serve", "device", "image", "--socket=socket"];
      const by = ["prlimit", `--nofile=${limit}:${limit}`];
      // The sources' own runtime needs more to start with.
      if (!Deno.env.has("BLKCACHE")) by[1] = `--nofile=${limit + 8}:${limit + 8}`;
      const { code, stdout, stderr, files } = await runProgram(args, { dir: folder.path, by });
      assertEquals([code, stdout, files], [1, "", ["device"]], stderr);
      const [sentence, ...hints] = stderr.trimEnd().split("\n");
      assertMatch(sentence, /^blkcache: error: the limit of file descriptors is \d+ too low to /);
      assertEquals(hints.length, 1);
      assertMatch(hints[0], /^blkcache: hint: .*ulimit -n/);
    },
  });
}

// Threads of the sources' own runtime need more than what is counted for those of the compiled program.
const FEW = Deno.env.has("BLKCACHE") ? [[64, 64, 1]] : [];

for (const [soft, hard, fewest] of [...FEW, [256, 256, 8], [20, 4096, 8]]) {
  Deno.test({
    name:
      `${soft} file descriptors, at most ${hard}: half requests and silent clients keep nobody out`,
    ignore,
    async fn() {
      using folder = new TestFolder();
      const device = folder.noise("device", SIZE);
      await using served = await Served.start(device, {
        dir: folder.path,
        args: ["--http=0", "--max-clients=200"],
        by: ["prlimit", `--nofile=${soft}:${hard}`],
      });
      const { program } = served;
      const lowered = program.stderr;
      assertEquals(
        /too few file descriptors for 200 clients at a time: \d+ can be served/.test(lowered),
        hard < 2000,
        lowered,
      );
      const page = JSON.parse(await program.waitForLine("stdout", /"event":"page"/)).url;
      const port = Number(new URL(page).port);
      const halves = await halfRequests(port, 150);
      const clients = [];
      for (let count = 0; count < fewest; count++) {
        const [read] = await readThrough(served.uri, {
          reads: [[count * PIECE, PIECE]],
          source: device,
        });
        assertEquals([read.errno, read.wrong], [0, 0]);
        if (count + 1 < fewest) clients.push(await connected(onSocket(folder)));
      }
      // More than fit: they wait, and take nothing.
      const waiting = await Promise.all(
        Array.from(
          { length: 100 },
          () => Deno.connect({ transport: "unix", path: folder.file("socket") }),
        ),
      );
      const answer = await fetch(page);
      assertEquals(answer.status, 200);
      await answer.body?.cancel();
      assert(descriptors(program.pid) < hard);
      for (const half of halves) half.close();
      for (const client of [...clients, ...waiting]) client.close();
      const { code, stderr } = await served.stop();
      assertEquals(code, 0, stderr);
      assert(!COLLAPSE.test(stderr), stderr);
      assertEquals(bytesWith("+", areasOf(served.map)), fewest * PIECE);
    },
  });
}

for (const limit of [62, 71, 80]) {
  Deno.test({
    name:
      `${limit} file descriptors: as many clients as are announced are served, all but one by TCP`,
    ignore: ignore || FEW.length === 0,
    async fn() {
      using folder = new TestFolder();
      const device = folder.noise("device", SIZE);
      await using served = await Served.start(device, {
        dir: folder.path,
        args: ["--listen=127.0.0.1:0"],
        by: ["prlimit", `--nofile=${limit}:${limit}`],
      });
      const { program, uris } = served;
      const [, announced] = /clients at a time: (\d+) can be served/.exec(program.stderr) ?? [];
      assert(Number(announced) >= 1, program.stderr);
      const port = Number(uris[1]!.match(/:(\d+)/)![1]);
      const clients = [await connected(onSocket(folder))];
      for (let count = 1; count < Number(announced); count++) {
        clients.push(await connected({ hostname: "127.0.0.1", port }));
      }
      for (const client of clients) client.close();
      const { code, stderr } = await served.stop();
      assertEquals(code, 0, stderr);
    },
  });
}

Deno.test({
  name: "a client costs no more descriptors than are counted for it",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", SIZE);
    await using served = await Served.start(device, { dir: folder.path });
    const { pid } = served.program;
    // With the first four, what is opened once has been opened.
    const clients: Client[] = [];
    for (let count = 0; count < 4; count++) clients.push(await connected(onSocket(folder)));
    await served.program.waitForLine("stdout", /"clients":4/);
    const before = descriptors(pid);
    for (let count = 0; count < 4; count++) clients.push(await connected(onSocket(folder)));
    await served.program.waitForLine("stdout", /"clients":8/);
    assert(descriptors(pid) - before <= 4 * 9, `${descriptors(pid)} after ${before}`);
    for (const client of clients) client.close();
    assertEquals((await served.stop()).code, 0);
  },
});

/** The runtime's pool takes more threads than usual where the machine is busy: a client waits for those. */
const SPARE_THREADS = 4;

Deno.test({
  name: "a run holds no more files and directories open than are counted for it",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", SIZE);
    await using served = await Served.start(device, {
      dir: folder.path,
      args: ["--record-domain=record", "--save-interval=0.2"],
    });
    const [read] = await readThrough(served.uri, { reads: [[0, PIECE]], source: device });
    assertEquals(read.errno, 0);
    await until("both maps are saved", () => exists(served.map) && exists(folder.file("record")));
    // A save opens more for a moment, which is counted for itself. The doorbell is none of these.
    await until(
      "no more is open",
      () => openIn(served.program.pid, folder.path).length + 1 <= MEDIUM_DESCRIPTORS,
    );
    assertEquals((await served.stop()).code, 0);
  },
});

/** What a process has open in a folder, and the folder itself. */
function openIn(pid: number, folder: string): string[] {
  const place = `/proc/${pid}/fd`;
  return Array.from(Deno.readDirSync(place), ({ name }) => {
    try {
      return Deno.readLinkSync(`${place}/${name}`);
    } catch (error) {
      // It was open for a moment.
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }).filter((path) => path.startsWith(folder));
}

/** A user that nobody else is: all processes that count are the program's. */
const LONELY = 47_110;

/** The compiled program, a device and a folder for a user who may not read much else. */
function lonelyFolder(): TestFolder {
  const folder = new TestFolder();
  Deno.chmodSync(folder.path, 0o755);
  Deno.copyFileSync(programCommand()[0], folder.file("blkcache"));
  folder.noise("device", SIZE);
  Deno.mkdirSync(folder.file("own"));
  Deno.chownSync(folder.file("own"), LONELY, LONELY);
  return folder;
}

/** Starts the program as that user, who may have so many threads. */
function startLonely(folder: TestFolder, threads: number, ...options: string[]): Program {
  const own = folder.file("own");
  const user = ["setpriv", `--reuid=${LONELY}`, `--regid=${LONELY}`, "--clear-groups"];
  const args = ["serve", folder.file("device"), `${own}/image`, `--socket=${own}/socket`];
  return Program.start([folder.file("blkcache"), ...args, ...options], {
    dir: own,
    // What would be the program is one more word of `sh`, which does not look at it.
    by: ["prlimit", `--nproc=${threads}`, ...user, "sh", "-c", `shift; exec "$@"`, "sh"],
  });
}

// With the sources that user would need all that `deno run` reads.
if (Deno.env.has("BLKCACHE")) {
  for (const threads of [3, 4, 6, 8]) {
    Deno.test({
      name: `${threads} threads: refused with one sentence, and nothing is made`,
      ignore: ignore || !isRoot(),
      async fn() {
        using folder = lonelyFolder();
        await using program = startLonely(folder, threads);
        const { code, stdout, stderr } = await program.ended();
        assertEquals([code, stdout, exists(`${program.dir}/image`)], [1, "", false], stderr);
        const [sentence, ...hints] = stderr.trimEnd().split("\n");
        assertMatch(sentence, /^blkcache: error: .*too few threads|allows no more threads/);
        assertEquals(hints.length, 1, stderr);
      },
    });
  }

  Deno.test({
    name:
      "too few threads for one more client: it waits until another leaves, and the map is saved",
    ignore: ignore || !isRoot(),
    async fn() {
      using folder = lonelyFolder();
      await using program = startLonely(
        folder,
        11 + SPARE_THREADS,
        "--json",
        "--save-interval=0.2",
      );
      await program.waitForLine("stdout", /"event":"ready"/);
      const path = `${program.dir}/socket`;
      const uri = `nbd+unix:///?socket=${path}`;
      const [first] = await readThrough(uri, { reads: [[0, PIECE]] });
      assertEquals(first.errno, 0);
      await until(
        "what was read is saved",
        () =>
          exists(`${program.dir}/image.map`) &&
          bytesWith("+", areasOf(`${program.dir}/image.map`)) >= PIECE,
      );
      // As many as there are threads for.
      const clients: Client[] = [];
      let isServed: Promise<Client>;
      for (;;) {
        isServed = connected({ transport: "unix", path });
        const isShort = program.waitForLine("stdout", /a client waits: there are too few threads/);
        const next = await Promise.race([isServed, isShort]);
        if (typeof next === "string") break;
        clients.push(next);
      }
      assert(clients.length > 0);
      clients.pop()!.close();
      (await isServed).close();
      for (const client of clients) client.close();
      program.signal("SIGTERM");
      const { code, stderr } = await program.ended();
      assertEquals(code, 0, stderr);
      assert(!COLLAPSE.test(stderr), stderr);
    },
  });
}

Deno.test({
  name: "files may not grow to the image's size: refused with one sentence",
  ignore,
  async fn() {
    using folder = new TestFolder();
    folder.noise("device", SIZE);
    const { code, stderr } = await runProgram(["serve", "device", "image", "--socket=s"], {
      dir: folder.path,
      by: ["prlimit", `--fsize=${SIZE / 2}`],
    });
    assertEquals([code, folder.listing()], [1, [`device ${SIZE}`]], stderr);
    assertMatch(stderr, /^blkcache: error: cannot make the image .*File too large \(EFBIG\)/);
  },
});

Deno.test({
  name:
    "files may not grow any more in the middle: clients get everything, and one sentence says so",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", SIZE);
    await using served = await Served.start(device, {
      dir: folder.path,
      args: ["--save-interval=0.2"],
    });
    const { program } = served;
    const [first] = await readThrough(served.uri, { reads: [[0, PIECE]], source: device });
    assertEquals(first.errno, 0);
    await tool("prlimit", [`--pid=${program.pid}`, `--fsize=${SIZE / 2}`]);
    await tool("nbdcopy", [served.uri, folder.file("copy")]);
    assertSameFile(folder.file("copy"), device);
    await program.waitForLine("stdout", /cannot write the image .*File too large \(EFBIG\)/);
    assertEquals(
      served.messages("warning").filter((text) => text.includes("cannot write the image")).length,
      1,
    );
    const { stderr, done } = await served.stop();
    assert(!COLLAPSE.test(stderr), stderr);
    assert(done !== undefined, stderr);
    const saved = bytesWith("+", areasOf(served.map));
    assert(saved >= PIECE && saved <= SIZE / 2, `${saved}`);
    const image = Deno.readFileSync(served.image);
    const source = Deno.readFileSync(device);
    for (const { start, end, status } of areasOf(served.map)) {
      if (status !== "+") continue;
      assertEquals(image.subarray(start, end), source.subarray(start, end));
    }
  },
});

Deno.test({
  name: "a map that may not be written: one sentence, serving goes on, and it is saved once it may",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const sectors = 16_384;
    const device = folder.noise("device", sectors * 512);
    Deno.copyFileSync(device, folder.file("image"));
    // A large map: every other sector is there.
    const lines = Array.from(
      { length: sectors },
      (_, sector) => `${sector * 512} 512 ${sector % 2 === 0 ? "+" : "?"}\n`,
    );
    Deno.writeTextFileSync(folder.file("image.map"), `0 ?\n${lines.join("")}`);
    await using served = await Served.start(device, {
      dir: folder.path,
      args: ["--save-interval=0.2", "--force"],
    });
    const { program } = served;
    const before = bytesWith("+", areasOf(served.map));
    await tool("prlimit", [`--pid=${program.pid}`, `--fsize=${4 * PIECE}:unlimited`]);
    const [read] = await readThrough(served.uri, { reads: [[2 * PIECE, 4 * KIB]], source: device });
    assertEquals([read.errno, read.wrong], [0, 0]);
    await program.waitForLine("stdout", /cannot save .*image\.map/);
    assertEquals(bytesWith("+", areasOf(served.map)), before);
    await tool("prlimit", [`--pid=${program.pid}`, "--fsize=unlimited:unlimited"]);
    await program.waitForLine("stdout", /the map can be saved again/);
    const { code, stderr } = await served.stop();
    assertEquals(code, 0, stderr);
    assert(!COLLAPSE.test(stderr), stderr);
    assertEquals(bytesWith("+", areasOf(served.map)), before + 2 * KIB);
  },
});
