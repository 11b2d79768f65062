// doc/proto.md, "NBD_CMD_WRITE_ZEROES": reads as zeros afterwards, whatever the flags; no payload, any length.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule, SIZE } from "./harness.ts";
import { CMD, FLAG } from "./wire.ts";

rule("WRITE_ZEROES makes zeros, exactly of its range", async (server) => {
  const expected = bytesAt(0, SIZE);
  for (const mode of MODES) {
    const client = await server.enter(mode);
    const all = [0, FLAG.NO_HOLE, FLAG.FAST_ZERO, FLAG.FUA, FLAG.NO_HOLE | FLAG.FAST_ZERO];
    for (const [index, flags] of all.entries()) {
      const offset = 777 + 200_001 * index;
      const length = mode === "simple" ? 65_537 : 150_001;
      expected.fill(0, offset, offset + length);
      await client.request({ type: CMD.WRITE_ZEROES, flags, cookie: 6, offset, length });
      assertEquals(await client.outcome(), { cookie: 6n, errno: 0 }, `flags ${flags}`);
      await client.request({ type: CMD.READ, offset: offset - 700, length: length + 1400 });
      assertEquals(
        await client.data(length + 1400),
        expected.slice(offset - 700, offset + length + 700),
      );
    }
  }
}, { writable: true });
