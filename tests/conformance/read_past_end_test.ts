// doc/proto.md, "Error values": a read beyond the size of the device is NBD_EINVAL.
import { assertEquals } from "@std/assert";
import { MODES, rule, SIZE } from "./harness.ts";
import { CMD, E } from "./wire.ts";

const RANGES: [number | bigint, number][] = [
  [SIZE, 1],
  [SIZE - 1, 2],
  [0, SIZE + 1],
  [2n ** 40n, 512],
  [2n ** 63n - 1n, 512],
  [2n ** 64n - 1n, 1],
  [2n ** 64n - 512n, 512],
];

rule("a read past the end is EINVAL and the connection stays", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    for (const [offset, length] of RANGES) {
      await client.request({ type: CMD.READ, cookie: 3, offset, length });
      assertEquals(
        await client.outcome(),
        { cookie: 3n, errno: E.INVAL },
        `${length} at ${offset}`,
      );
    }
  }
});
