// doc/proto.md, "Block size constraints": payloads of up to 32 MiB are accepted; longer ones may be met with a
// disconnect.
import { assertEquals } from "@std/assert";
import { byteAt, MODES, rule } from "./harness.ts";
import { CMD, FLAG } from "./wire.ts";

const LONGEST = 2 ** 25;

rule("a write of 32 MiB is taken, one of a byte more closes the connection", async (server) => {
  for (const [round, mode] of MODES.entries()) {
    const client = await server.enter(mode);
    const flags = mode === "extended" ? FLAG.PAYLOAD_LEN : 0;
    const payload = new Uint8Array(LONGEST).fill(round + 1);
    await client.request({
      type: CMD.WRITE,
      flags,
      cookie: 1,
      offset: 512,
      length: LONGEST,
      payload,
    });
    assertEquals(await client.outcome(), { cookie: 1n, errno: 0 });
    await client.request({ type: CMD.READ, offset: LONGEST, length: 513 });
    const data = await client.data(513);
    assertEquals([data[511], data[512]], [round + 1, byteAt(LONGEST + 512)]);
    // With extended headers the payload is dropped instead: write_oversized_test.ts.
    if (mode === "extended") continue;
    await client.request({ type: CMD.WRITE, flags, length: LONGEST + 1 });
    await client.closed();
  }
}, { writable: true, size: LONGEST + 4096 });
