// doc/proto.md, "Request message", extended: a payload is consumed although the command takes none.
import { assertEquals } from "@std/assert";
import { bytesAt, rule } from "./harness.ts";
import { CMD, E, FLAG } from "./wire.ts";

rule("an unexpected payload is dropped and EINVAL", async (server) => {
  const client = await server.enter("extended");
  const payload = new Uint8Array(5000).fill(0x21);
  for (const type of [CMD.READ, CMD.FLUSH, CMD.TRIM, CMD.BLOCK_STATUS, 4711]) {
    await client.request(
      { type, flags: FLAG.PAYLOAD_LEN, cookie: 3, length: payload.length, payload },
      { type: CMD.READ, length: 100 },
    );
    assertEquals(await client.outcome(), { cookie: 3n, errno: E.INVAL });
    assertEquals(await client.data(100), bytesAt(0, 100));
  }
  // And the other way round: a write that brings none.
  await client.request({ type: CMD.WRITE, cookie: 4, length: 512 }, {
    type: CMD.READ,
    length: 100,
  });
  assertEquals(await client.outcome(), { cookie: 4n, errno: E.INVAL });
  assertEquals(await client.data(100), bytesAt(0, 100));
});
