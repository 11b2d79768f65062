// doc/proto.md, "NBD_CMD_READ": of a read of nothing only the connection must survive.
import { assertEquals } from "@std/assert";
import { MODES, rule } from "./harness.ts";
import { CMD, E } from "./wire.ts";

rule("a read of nothing is EINVAL and the connection stays", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    await client.request({ type: CMD.READ, cookie: 3 }, { type: CMD.FLUSH, cookie: 4 });
    assertEquals(await client.outcome(), { cookie: 3n, errno: E.INVAL });
    assertEquals(await client.outcome(), { cookie: 4n, errno: 0 });
  }
});
