// Limits: clients that say nothing, or half of something, cost only their own connection.
import { assertEquals } from "@std/assert";
import { bytesAt, rule } from "./harness.ts";
import { CMD, OPT, option } from "./wire.ts";

rule("clients that stall do not keep another from being served", async (server) => {
  for (let count = 0; count < 3; count++) await server.dial();
  for (let count = 0; count < 3; count++) {
    const client = await server.greeted();
    await client.send(option(OPT.INFO, new Uint8Array(10)).subarray(0, 20));
  }
  const client = await server.enter("structured");
  await client.request({ type: CMD.READ, length: 512 });
  assertEquals(await client.data(512), bytesAt(0, 512));
});
