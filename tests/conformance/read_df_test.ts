// doc/proto.md, "NBD_CMD_FLAG_DF": at most one content chunk.
import { assertEquals } from "@std/assert";
import { bytesAt, CHUNKED_MODES, rule, SIZE } from "./harness.ts";
import { CHUNK, CMD, dataOf, E, FLAG } from "./wire.ts";

rule(
  "an unfragmented read is one chunk; without structured replies the flag is EINVAL",
  async (server) => {
    for (const mode of CHUNKED_MODES) {
      const client = await server.enter(mode);
      await client.request({ type: CMD.READ, flags: FLAG.DF, offset: 7, length: SIZE - 7 });
      const [chunk, ...others] = await client.chunks();
      assertEquals([chunk!.type, others.length], [CHUNK.OFFSET_DATA, 0]);
      assertEquals(dataOf(chunk!), bytesAt(7, SIZE - 7));
    }
    const client = await server.enter("simple");
    await client.request({ type: CMD.READ, flags: FLAG.DF, cookie: 3, length: 512 });
    assertEquals(await client.outcome(), { cookie: 3n, errno: E.INVAL });
  },
);
