// doc/proto.md, "Extended reply chunk message": repeats the offset of the request.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { CMD } from "./wire.ts";

rule("extended replies repeat the offset of their request, whatever it was", async (server) => {
  const client = await server.enter("extended");
  for (const offset of [0n, 513n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
    for (const type of [CMD.READ, CMD.FLUSH, CMD.TRIM]) {
      await client.request({ type, offset, length: 100 });
      for (const chunk of await client.chunks()) assertEquals(chunk.requestOffset, offset);
    }
  }
});
