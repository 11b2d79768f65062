// doc/proto.md, "Error values": ENOSPC for a write past the end, EINVAL for a trim there.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule, SIZE } from "./harness.ts";
import { CMD, E, FLAG } from "./wire.ts";

rule("a write past the end is ENOSPC, a trim EINVAL, and nothing is written", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    const payloadFlag = mode === "extended" ? FLAG.PAYLOAD_LEN : 0;
    for (const offset of [SIZE - 511, SIZE, 2n ** 63n - 512n]) {
      const payload = new Uint8Array(512).fill(1);
      await client.request(
        { type: CMD.WRITE, flags: payloadFlag, cookie: 1, offset, length: 512, payload },
        { type: CMD.WRITE_ZEROES, cookie: 2, offset, length: 512 },
        { type: CMD.TRIM, cookie: 3, offset, length: 512 },
      );
      assertEquals(await client.outcome(), { cookie: 1n, errno: E.NOSPC });
      assertEquals(await client.outcome(), { cookie: 2n, errno: E.NOSPC });
      assertEquals(await client.outcome(), { cookie: 3n, errno: E.INVAL });
    }
    await client.request({ type: CMD.READ, offset: SIZE - 512, length: 512 });
    assertEquals(await client.data(512), bytesAt(SIZE - 512, 512));
  }
}, { writable: true });
