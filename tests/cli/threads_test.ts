// Threads cost memory: there are none without work for them, and they are used again.

import { assertEquals } from "@std/assert";
import { readThrough } from "../harness/nbd_client.ts";
import { Served } from "../harness/served.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

const GREETING_BYTES = 18;

/** Threads of a process that run workers: sessions and the reader. */
function workers(pid: number): number {
  const threads = Array.from(Deno.readDirSync(`/proc/${pid}/task`), ({ name }) => name);
  return threads.filter((thread) => nameOf(pid, thread).startsWith("worker-")).length;
}

/** The name of a thread, empty when it has ended since it was listed: ENOENT, or ESRCH from an opened file. */
function nameOf(pid: number, thread: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/task/${thread}/comm`).trim();
  } catch {
    return "";
  }
}

/** A client that has been accepted: it has its greeting, and says nothing. */
async function connect(path: string): Promise<Deno.UnixConn> {
  const connection = await Deno.connect({ transport: "unix", path });
  const greeting = new Uint8Array(GREETING_BYTES);
  for (let count = 0; count < GREETING_BYTES;) {
    const more = await connection.read(greeting.subarray(count));
    if (more === null) throw new Error("the server has closed the connection");
    count += more;
  }
  return connection;
}

Deno.test("a server without clients runs no threads of its own; each client has one, used again", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", 65_536);
  await using served = await Served.start(device, { dir: folder.path });
  const { pid } = served.program;
  const socket = folder.file("socket");
  assertEquals(workers(pid), 0);
  const first = await connect(socket);
  // The reader comes with the first client.
  await served.program.waitForLine("stdout", /"state":"connected","clients":1/);
  assertEquals(workers(pid), 2);
  const second = await connect(socket);
  assertEquals(workers(pid), 3);
  first.close();
  second.close();
  await served.program.waitForLine("stdout", /"state":"left","clients":0/);
  const third = await connect(socket);
  const fourth = await connect(socket);
  assertEquals(workers(pid), 3);
  third.close();
  fourth.close();
  // Of those that wait, one is enough; with the number of the other a new one is started.
  await until("one session is left", () => workers(pid) === 2);
  for (let again = 0; again < 2; again++) {
    const clients = [await connect(socket), await connect(socket), await connect(socket)];
    assertEquals(workers(pid), 4);
    clients.forEach((client) => client.close());
    await until("one session is left", () => workers(pid) === 2);
  }
  const [read] = await readThrough(served.uri, { reads: [[0, 65_536]], source: device });
  assertEquals([read.errno, read.wrong], [0, 0]);
  assertEquals((await served.stop()).code, 0);
});

Deno.test("more clients than are allowed wait until another leaves", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", 65_536);
  await using served = await Served.start(device, {
    dir: folder.path,
    args: ["--max-clients", "1"],
  });
  const socket = folder.file("socket");
  const first = await connect(socket);
  let isServed = false;
  const second = connect(socket).then((connection) => {
    isServed = true;
    return connection;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assertEquals([isServed, workers(served.program.pid)], [false, 2]);
  first.close();
  (await second).close();
  assertEquals(workers(served.program.pid), 2);
  assertEquals((await served.stop()).code, 0);
});
