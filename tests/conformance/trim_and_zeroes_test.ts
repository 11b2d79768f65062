// doc/proto.md, "Error values": a write or trim request on a read-only export is NBD_EPERM.
import { assertEquals } from "@std/assert";
import { MODES, rule } from "./harness.ts";
import { CMD, E, FLAG } from "./wire.ts";

rule("TRIM and WRITE_ZEROES are EPERM", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    await client.request(
      { type: CMD.TRIM, cookie: 1, length: 512 },
      { type: CMD.WRITE_ZEROES, cookie: 2, length: 512 },
      { type: CMD.WRITE_ZEROES, flags: FLAG.NO_HOLE | FLAG.FUA, cookie: 3, length: 512 },
    );
    for (const cookie of [1n, 2n, 3n]) {
      assertEquals(await client.outcome(), { cookie, errno: E.PERM });
    }
  }
});
