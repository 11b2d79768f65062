// doc/proto.md, "NBD_CMD_TRIM": touches nothing outside of its range. Here what was trimmed reads as zeros.
import { assertEquals } from "@std/assert";
import { bytesAt, CHUNKED_MODES, rule, SIZE } from "./harness.ts";
import { CMD, extentsOf, FLAG } from "./wire.ts";

rule("TRIM leaves a hole, exactly of its range, that block status knows of", async (server) => {
  for (const mode of CHUNKED_MODES) {
    const client = await server.enter(mode, ["base:allocation"]);
    await client.request({ type: CMD.TRIM, flags: FLAG.FUA, offset: 65_536, length: 131_073 });
    assertEquals((await client.outcome()).errno, 0);
    const expected = bytesAt(0, SIZE).fill(0, 65_536, 65_536 + 131_073);
    await client.request({ type: CMD.READ, length: SIZE });
    assertEquals(await client.data(SIZE), expected);
    await client.request({ type: CMD.BLOCK_STATUS, length: SIZE });
    const [chunk] = await client.chunks();
    assertEquals(extentsOf(chunk!).extents.slice(0, 2), [
      { length: 65_536, flags: 0 },
      { length: 131_073, flags: 3 },
    ]);
  }
}, { writable: true });
