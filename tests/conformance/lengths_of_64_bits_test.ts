// doc/proto.md, "Request message", extended: lengths that do not fit in 32 bits.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { CMD, E } from "./wire.ts";

rule("64-bit lengths are refused as what they are, not as their lower half", async (server) => {
  const client = await server.enter("extended", ["base:allocation"]);
  for (const type of [CMD.READ, CMD.CACHE, CMD.BLOCK_STATUS]) {
    for (const length of [2n ** 32n + 512n, 2n ** 63n, 2n ** 64n - 1n]) {
      await client.request({ type, cookie: 3, length });
      assertEquals(await client.outcome(), { cookie: 3n, errno: E.INVAL }, `${type} of ${length}`);
    }
  }
  await client.request({ type: CMD.TRIM, cookie: 4, length: 2n ** 40n });
  assertEquals(await client.outcome(), { cookie: 4n, errno: E.PERM });
});
