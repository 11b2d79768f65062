// doc/proto.md, "Error values": an unknown command is NBD_EINVAL.
import { assertEquals } from "@std/assert";
import { MODES, rule } from "./harness.ts";
import { CMD, E } from "./wire.ts";

rule("an unknown command is EINVAL and the connection stays", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    await client.request(
      { type: 8, cookie: 1, length: 512 },
      { type: 4711, cookie: 2, offset: 2n ** 64n - 1n },
      { type: CMD.FLUSH, cookie: 3 },
    );
    assertEquals(await client.outcome(), { cookie: 1n, errno: E.INVAL });
    assertEquals(await client.outcome(), { cookie: 2n, errno: E.INVAL });
    assertEquals(await client.outcome(), { cookie: 3n, errno: 0 });
  }
});
