// A client that breaks the protocol loses its connection. One line says so, however often it comes.

import { assertEquals } from "@std/assert";
import { Server } from "../conformance/harness.ts";
import { CMD } from "../conformance/wire.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

const TIMES = 6;

Deno.test("writes of more than 32 MiB: each client is disconnected, one line says so, others go on", async () => {
  using folder = new TestFolder();
  await using server = await Server.start(folder.path, { writable: true });
  const good = await server.enter("structured");
  // Some at a time, so that more than one session meets them.
  for (const mode of ["simple", "structured"] as const) {
    const clients = await Promise.all(Array.from({ length: TIMES }, () => server.enter(mode)));
    for (const client of clients) {
      await client.request({ type: CMD.WRITE, length: 2 ** 25 + 1 });
    }
    for (const client of clients) await client.closed();
  }
  await good.request({ type: CMD.READ, length: 512 });
  assertEquals((await good.data(512)).length, 512);
  const lines = () =>
    server.program.stderr.split("\n").filter((line) => line.includes("was disconnected"));
  await until("a line says so", () => lines().length > 0);
  good.close();
  server.program.signal("SIGTERM");
  await server.program.ended();
  assertEquals(lines().map((line) => line.replace(/^.*?blkcache: /, "")), [
    "warning: a client was disconnected: NBD_CMD_WRITE with a payload of 33554433 bytes, more than 33554432",
  ]);
});
