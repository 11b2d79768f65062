// doc/proto.md, "NBD_CMD_READ", structured replies: content chunks and error chunks with offsets.
import { assertEquals } from "@std/assert";
import { bytesAt, CHUNKED_MODES, rule } from "./harness.ts";
import { CHUNK, CMD, dataOf, E, errnoOf, offsetOf } from "./wire.ts";

/** Far enough from the start that nobody reads it to tell one device from another. */
const BAD = 1000;

rule(
  "a read over a bad sector gives the data around it and the offset of the error",
  async (server) => {
    for (const mode of CHUNKED_MODES) {
      const client = await server.enter(mode);
      await client.request({ type: CMD.READ, cookie: 7, offset: (BAD - 3) * 512, length: 4096 });
      const chunks = await client.chunks();
      assertEquals(chunks.map(({ cookie, done }) => [cookie, done]), [[7n, false], [7n, false], [
        7n,
        true,
      ]]);
      const content = chunks.filter(({ type }) => type === CHUNK.OFFSET_DATA);
      assertEquals(content.map((chunk) => [offsetOf(chunk), dataOf(chunk)]), [
        [(BAD - 3) * 512, bytesAt((BAD - 3) * 512, 3 * 512)],
        [(BAD + 1) * 512, bytesAt((BAD + 1) * 512, 4 * 512)],
      ]);
      const [error] = chunks.filter(({ type }) => type === CHUNK.ERROR_OFFSET);
      assertEquals([errnoOf(error!), offsetOf(error!)], [E.IO, BAD * 512]);
    }
  },
  { badSectors: [BAD] },
);
