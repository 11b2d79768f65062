// doc/proto.md, "Request message": a payload may arrive in any pieces, and requests wait behind it.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule } from "./harness.ts";
import { CMD, extendedRequest, FLAG, request } from "./wire.ts";

rule("a write in pieces is done when its last byte has come, and not before", async (server) => {
  const expected = bytesAt(0, 5000);
  for (const [round, mode] of MODES.entries()) {
    const client = await server.enter(mode);
    const flags = mode === "extended" ? FLAG.PAYLOAD_LEN : 0;
    const build = mode === "extended" ? extendedRequest : request;
    const payload = new Uint8Array(3000).fill(0x70 + round);
    const bytes = build({ type: CMD.WRITE, flags, cookie: 5, offset: 1000, length: 3000, payload });
    const other = await server.enter("simple");
    for (const [start, end] of [[0, 10], [10, 40], [40, 1500], [1500, bytes.length - 1]]) {
      await client.send(bytes.subarray(start, end));
      await other.request({ type: CMD.READ, offset: 990, length: 3020 });
      assertEquals(await other.data(3020), expected.slice(990, 4010));
    }
    await client.send(
      bytes.subarray(bytes.length - 1),
      build({ type: CMD.READ, offset: 999, length: 3 }),
    );
    assertEquals(await client.outcome(), { cookie: 5n, errno: 0 });
    assertEquals(await client.data(3), Uint8Array.of(expected[999]!, 0x70 + round, 0x70 + round));
    expected.set(payload, 1000);
  }
}, { writable: true });
