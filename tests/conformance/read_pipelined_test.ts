// doc/proto.md, "Transmission": replies may come in any order, and carry the cookie of their request.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule } from "./harness.ts";
import { CMD, offsetOf } from "./wire.ts";

rule("each of many requests at once gets its reply", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    const offsets = Array.from({ length: 64 }, (_, index) => (index * 7919) % 1000 * 1000);
    const cookies = offsets.map((_, index) => 0xffffffff00000000n + BigInt(index));
    await client.request(
      ...offsets.map((offset, index) => ({
        type: CMD.READ,
        cookie: cookies[index]!,
        offset,
        length: 777,
      })),
    );
    const missing = new Set(cookies);
    for (const _ of offsets) {
      const chunks = mode === "simple" ? [] : await client.chunks();
      const reply = mode === "simple"
        ? await client.simpleReply(777)
        : { cookie: chunks[0]!.cookie, data: chunks[0]!.payload.subarray(8) };
      const offset = offsets[cookies.indexOf(reply.cookie)]!;
      assertEquals(reply.data, bytesAt(offset, 777));
      if (mode !== "simple") assertEquals(offsetOf(chunks[0]!), offset);
      missing.delete(reply.cookie);
    }
    assertEquals(missing.size, 0);
  }
});
