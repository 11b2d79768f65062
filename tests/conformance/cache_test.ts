// doc/proto.md, "NBD_CMD_CACHE": may be answered before the work is done; never past the end.
import { assertEquals } from "@std/assert";
import { MODES, rule, SIZE } from "./harness.ts";
import { CMD, E } from "./wire.ts";

rule("CACHE succeeds within the export and is EINVAL outside it", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    await client.request(
      { type: CMD.CACHE, cookie: 1, length: SIZE },
      { type: CMD.CACHE, cookie: 2, offset: SIZE, length: 1 },
      { type: CMD.CACHE, cookie: 3, length: 2 ** 25 + 512 },
    );
    assertEquals(await client.outcome(), { cookie: 1n, errno: 0 });
    assertEquals(await client.outcome(), { cookie: 2n, errno: E.INVAL });
    assertEquals(await client.outcome(), { cookie: 3n, errno: E.INVAL });
  }
});
