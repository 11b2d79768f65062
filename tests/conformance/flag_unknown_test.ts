// doc/proto.md, "Error values": a flag that is unknown, or not documented for the request, is NBD_EINVAL.
import { assertEquals } from "@std/assert";
import { MODES, rule } from "./harness.ts";
import { CMD, E, FLAG } from "./wire.ts";

rule("a flag that does not go with the command is EINVAL", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    for (
      const [type, flags] of [
        [CMD.READ, 0x8000],
        [CMD.READ, FLAG.REQ_ONE],
        [CMD.READ, FLAG.NO_HOLE],
        [CMD.FLUSH, FLAG.DF],
        [CMD.CACHE, 0x4000],
      ] as const
    ) {
      await client.request({ type, flags, cookie: 3, length: 512 });
      assertEquals(await client.outcome(), { cookie: 3n, errno: E.INVAL }, `${type} with ${flags}`);
    }
  }
});
