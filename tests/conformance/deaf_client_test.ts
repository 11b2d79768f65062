// Limits: a client that does not take its replies costs only its own connection.
import { assertEquals } from "@std/assert";
import { bytesAt, rule } from "./harness.ts";
import { CMD } from "./wire.ts";

rule(
  "a client that does not read its replies does not keep another from being served",
  async (server) => {
    const deaf = await server.enter("simple");
    const reads = Array.from({ length: 64 }, () => ({ type: CMD.READ, length: 1_000_000 }));
    await deaf.request(...reads);
    const client = await server.enter("simple");
    await client.request({ type: CMD.READ, offset: 5, length: 512 });
    assertEquals(await client.data(512), bytesAt(5, 512));
  },
);
