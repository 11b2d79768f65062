// doc/proto.md, "NBD_CMD_READ": data, cookie and order.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule, SIZE } from "./harness.ts";
import { CMD } from "./wire.ts";

const RANGES = [[0, 1], [1, 511], [511, 2], [4095, 4098], [SIZE - 1, 1], [0, SIZE]] as const;

rule("reads of any alignment give the device's bytes", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    for (const [offset, length] of RANGES) {
      await client.request({ type: CMD.READ, offset, length });
      assertEquals(
        await client.data(length),
        bytesAt(offset, length),
        `${mode}: ${length} at ${offset}`,
      );
    }
  }
});
