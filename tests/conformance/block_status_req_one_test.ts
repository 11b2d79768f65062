// doc/proto.md, "NBD_CMD_FLAG_REQ_ONE": exactly one extent, not longer than the request.
import { assert, assertEquals } from "@std/assert";
import { CHUNKED_MODES, rule } from "./harness.ts";
import { CMD, extentsOf, FLAG } from "./wire.ts";

rule("REQ_ONE gives exactly one extent, not longer than asked", async (server) => {
  for (const mode of CHUNKED_MODES) {
    const client = await server.enter(mode, ["x-blkcache:state"]);
    for (
      const [offset, length] of [[0, 1], [0, 1_000_000], [1000 * 512, 1024], [511_999, 2]] as const
    ) {
      await client.request({ type: CMD.BLOCK_STATUS, flags: FLAG.REQ_ONE, offset, length });
      const [chunk, ...others] = await client.chunks();
      const { extents } = extentsOf(chunk!);
      assertEquals([others.length, extents.length], [0, 1]);
      assert(extents[0]!.length > 0 && extents[0]!.length <= length);
    }
  }
}, { badSectors: [1000] });
