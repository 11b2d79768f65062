// Threads cost memory: there are none without work for them, and they are used again.

import { assertEquals } from "@std/assert";
import { Client } from "../conformance/harness.ts";
import { CLIENT_FLAGS, CMD, OPT, option } from "../conformance/wire.ts";
import { readThrough } from "../harness/nbd_client.ts";
import { Served } from "../harness/served.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";
import { workers } from "../harness/worker_threads.ts";

/** A client that has got its greeting, and says nothing. */
async function connect(path: string): Promise<Client> {
  const client = new Client(await Deno.connect({ transport: "unix", path }));
  await client.greeting();
  return client;
}

async function enter(path: string): Promise<Client> {
  const client = await connect(path);
  await client.send(CLIENT_FLAGS, option(OPT.EXPORT_NAME));
  await client.read(10);
  return client;
}

async function read(client: Client): Promise<void> {
  await client.request({ type: CMD.READ, length: 512 });
  await client.data(512);
}

Deno.test("a server without clients runs no threads of its own; one that asks has one, used again", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", 65_536);
  await using served = await Served.start(device, { dir: folder.path });
  const { pid } = served.program;
  const socket = folder.file("socket");
  const silent = await connect(socket);
  assertEquals(workers(pid), 0);
  const clients = [await enter(socket), await enter(socket)];
  // The reader comes with the first client, and a session that will be needed.
  await served.program.waitForLine("stdout", /"state":"connected","clients":2/);
  assertEquals(workers(pid), 2);
  for (let again = 0; again < 2; again++) {
    await until("two ask at a time", async () => {
      await Promise.all(clients.map(read));
      return workers(pid) === 3;
    });
    // Of sessions that have nothing to do one is enough, although their clients are still there.
    await until("one session is left", () => workers(pid) === 2);
  }
  for (const client of [silent, ...clients]) client.close();
  await served.program.waitForLine("stdout", /"state":"left","clients":0/);
  const [whole] = await readThrough(served.uri, { reads: [[0, 65_536]], source: device });
  assertEquals([whole.errno, whole.wrong], [0, 0]);
  assertEquals(workers(pid), 2);
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
  const first = await enter(socket);
  let isServed = false;
  const second = enter(socket).then((client) => {
    isServed = true;
    return client;
  });
  await read(first);
  assertEquals(isServed, false);
  first.close();
  await read(await second);
  (await second).close();
  assertEquals((await served.stop()).code, 0);
});
