// doc/proto.md, "NBD_CMD_BLOCK_STATUS": EINVAL without contexts and past the end.
import { assertEquals } from "@std/assert";
import { CHUNKED_MODES, rule, SIZE } from "./harness.ts";
import { CMD, E } from "./wire.ts";

rule("block status without contexts or outside the export is EINVAL", async (server) => {
  const without = await server.enter("structured");
  await without.request({ type: CMD.BLOCK_STATUS, cookie: 3, length: 512 });
  assertEquals(await without.outcome(), { cookie: 3n, errno: E.INVAL });
  for (const mode of CHUNKED_MODES) {
    const client = await server.enter(mode, ["base:allocation"]);
    for (const [offset, length] of [[0, SIZE + 1], [SIZE, 1], [SIZE - 1, 2], [0, 0]] as const) {
      await client.request({ type: CMD.BLOCK_STATUS, cookie: 4, offset, length });
      assertEquals(
        await client.outcome(),
        { cookie: 4n, errno: E.INVAL },
        `${length} at ${offset}`,
      );
    }
  }
});
