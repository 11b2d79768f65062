// How the sockets of clients are set up, looked at from outside; as root, who may take copies of them.

import { assert, assertEquals } from "@std/assert";
import { isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const PROGRAM = new URL("../harness/client_sockets.py", import.meta.url).pathname;

/** See the head of the program. */
interface ClientSocket {
  family: "tcp" | "unix";
  nodelay: boolean;
  keepalive: boolean;
  sendBuffer: number;
}

Deno.test({
  name:
    "a TCP client gets each reply at once and is missed when it vanishes; a local one has room for replies",
  ignore: !isRoot(),
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", 65_536);
    const options = { dir: folder.path, args: ["--listen", "0"] };
    await using served = await Served.start(device, options);
    const ready = served.program.stdout.split("\n").find((line) => line.includes('"ready"'))!;
    const port = Number(new URL(JSON.parse(ready).uris[1]).port);
    using remote = await Deno.connect({ hostname: "127.0.0.1", port });
    await remote.read(new Uint8Array(1));
    using local = await Deno.connect({ transport: "unix", path: folder.file("socket") });
    await local.read(new Uint8Array(1));
    const args = [PROGRAM, String(served.program.pid)];
    const sockets: ClientSocket[] = JSON.parse(await tool("/usr/bin/python3", args));
    const tcp = sockets.find(({ family }) => family === "tcp");
    assertEquals([tcp?.nodelay, tcp?.keepalive], [true, true]);
    assert(sockets.some(({ family, sendBuffer }) => family === "unix" && sendBuffer >= 2 ** 20));
  },
});
