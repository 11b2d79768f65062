// doc/proto.md, "NBD_CMD_READ": a simple reply and DF fail as a whole.
import { assertEquals } from "@std/assert";
import { bytesAt, CHUNKED_MODES, rule } from "./harness.ts";
import { CMD, E, errnoOf, FLAG } from "./wire.ts";

const BAD = 1000;

rule(
  "a simple read over a bad sector is EIO, and smaller ones around it succeed",
  async (server) => {
    const client = await server.enter("simple");
    await client.request({ type: CMD.READ, cookie: 3, offset: (BAD - 1) * 512, length: 1536 });
    assertEquals(await client.outcome(), { cookie: 3n, errno: E.IO });
    for (const sector of [BAD - 1, BAD + 1]) {
      await client.request({ type: CMD.READ, offset: sector * 512, length: 512 });
      assertEquals(await client.data(512), bytesAt(sector * 512, 512));
    }
    for (const mode of CHUNKED_MODES) {
      const unfragmented = await server.enter(mode);
      await unfragmented.request({
        type: CMD.READ,
        flags: FLAG.DF,
        offset: (BAD - 1) * 512,
        length: 1536,
      });
      const [error, ...others] = await unfragmented.chunks();
      assertEquals([errnoOf(error!), others.length], [E.IO, 0]);
    }
  },
  { badSectors: [BAD] },
);
