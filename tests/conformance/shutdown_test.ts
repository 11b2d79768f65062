// doc/proto.md, "Terminating the transmission phase": on a shutdown the server closes the connections.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { CMD } from "./wire.ts";

rule("SIGTERM closes clients in every state, and the program ends well", async (server) => {
  const idle = await server.enter("structured");
  const greeted = await server.greeted();
  const silent = await server.dial();
  await silent.greeting();
  await idle.request({ type: CMD.FLUSH, cookie: 1 });
  assertEquals(await idle.outcome(), { cookie: 1n, errno: 0 });
  server.program.signal("SIGTERM");
  for (const client of [idle, greeted, silent]) await client.closed();
  assertEquals((await server.program.ended()).code, 0);
});
