// Several addresses at once, and sockets that somebody else has opened.

import { assert, assertEquals } from "@std/assert";
import { readThrough, wholeDevice } from "../harness/nbd_client.ts";
import { Program } from "../harness/program.ts";
import { hasTools } from "../harness/requires.ts";
import { exists, TestFolder } from "../harness/test_folder.ts";

const SIZE = 512 * 1024;
/** What is read to know the device, before anything is counted. */
const HEAD = 65_536;
const GIVE = new URL("../harness/give_sockets.py", import.meta.url).pathname;
const ignore = !hasTools("python3", "nbdinfo");

/** What the program is given, and as whom; see give_sockets.py. */
interface Given {
  sockets: Record<string, unknown>[];
  pid?: number;
}

function start(folder: TestFolder, args: readonly string[], given?: Given): Program {
  const by = given && ["/usr/bin/python3", GIVE, JSON.stringify(given)];
  const serve = ["serve", folder.file("device"), folder.file("image"), "--json", ...args];
  return Program.start(serve, { dir: folder.path, ...by && { by } });
}

async function urisOf(program: Program): Promise<string[]> {
  return JSON.parse(await program.waitForLine("stdout", /"event":"ready"/)).uris;
}

/** All of the device, by `clients` at each address at the same time. */
async function readAll(folder: TestFolder, uris: readonly string[], clients: number) {
  const task = { reads: wholeDevice(SIZE, 65_536), source: folder.file("device") };
  const everybody = uris.flatMap((uri) => Array.from({ length: clients }, () => uri));
  const reads = (await Promise.all(everybody.map((uri) => readThrough(uri, task)))).flat();
  assertEquals(reads.filter(({ errno, wrong }) => errno !== 0 || wrong > 0), []);
  assertEquals(reads.length, everybody.length * task.reads.length);
}

Deno.test({
  name: "a Unix socket, IPv4 and IPv6 are served at the same time, each to several clients",
  ignore,
  async fn() {
    using folder = new TestFolder();
    folder.noise("device", SIZE);
    const listen = ["--listen", "[::1]:0", "--listen", "127.0.0.1:0", "--listen", "[::1]:0"];
    await using program = start(folder, ["--socket", folder.file("s"), ...listen]);
    const uris = await urisOf(program);
    assertEquals(uris.map((uri) => uri.replace(/:\d+\/$/, "")), [
      `nbd+unix:///?socket=${folder.file("s")}`,
      "nbd://[::1]",
      "nbd://127.0.0.1",
      "nbd://[::1]",
    ]);
    await readAll(folder, uris, 3);
    program.signal("SIGTERM");
    const { code, stdout } = await program.ended();
    assertEquals(code, 0);
    const done = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    assertEquals(done.deviceBytes, SIZE - HEAD, "each byte is read once");
    assert(!exists(folder.file("s")));
  },
});

Deno.test({
  name: "sockets that systemd gives are served, and no other is made",
  ignore,
  async fn() {
    using folder = new TestFolder();
    folder.noise("device", SIZE);
    const path = folder.file("given");
    const sockets = [{ unix: path }, { tcp: "127.0.0.1" }, { tcp: "::1" }];
    await using program = start(folder, ["--listen", "0", "--export", "a b"], { sockets });
    const uris = await urisOf(program);
    assertEquals(uris.map((uri) => uri.replace(/:\d+\//, "/")), [
      `nbd+unix:///a%20b?socket=${path}`,
      "nbd://127.0.0.1/a%20b",
      "nbd://[::1]/a%20b",
      "nbd://127.0.0.1/a%20b",
    ]);
    await readAll(folder, uris, 2);
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    assert(exists(path), "the socket's file is its owner's");
  },
});

Deno.test({
  name: "sockets for another process are ignored",
  ignore,
  async fn() {
    using folder = new TestFolder();
    folder.noise("device", SIZE);
    const given = { sockets: [{ unix: folder.file("given") }], pid: 1 };
    await using program = start(folder, ["--socket", folder.file("own")], given);
    assertEquals(await urisOf(program), [`nbd+unix:///?socket=${folder.file("own")}`]);
  },
});

for (
  const [what, socket] of [
    ["a socket that does not listen", { tcp: "127.0.0.1", idle: true }],
    ["a datagram socket", { udp: "127.0.0.1" }],
    ["a file", { file: GIVE }],
  ] as const
) {
  Deno.test({
    name: `${what} is refused when it is given`,
    ignore,
    async fn() {
      using folder = new TestFolder();
      folder.noise("device", SIZE);
      const sockets = [{ unix: folder.file("given") }, { ...socket }];
      await using program = start(folder, [], { sockets });
      const { code, stderr } = await program.ended();
      assertEquals(code, 1);
      const said = "descriptor 4, given by LISTEN_FDS, is no listening stream socket";
      assert(stderr.startsWith(`blkcache: error: ${said}\nblkcache: hint: `), stderr);
      assert(!exists(folder.file("image")), "nothing is made");
    },
  });
}
