// doc/proto.md, "Transmission flags": what has not been advertised must not be sent; here it is EINVAL.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule } from "./harness.ts";
import { CMD, E, FLAG } from "./wire.ts";

rule("TRIM and FAST_ZERO are EINVAL where writes go through to the device", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    await client.request(
      { type: CMD.TRIM, cookie: 1, length: 4096 },
      { type: CMD.WRITE_ZEROES, flags: FLAG.FAST_ZERO, cookie: 2, length: 4096 },
      { type: CMD.READ, cookie: 3, length: 4096 },
    );
    assertEquals(await client.outcome(), { cookie: 1n, errno: E.INVAL });
    assertEquals(await client.outcome(), { cookie: 2n, errno: E.INVAL });
    assertEquals(await client.data(4096), bytesAt(0, 4096));
  }
}, { args: ["--write-through"] });
