// doc/proto.md, "NBD_FLAG_READ_ONLY": writes to a read-only export fail; their payload is consumed.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule } from "./harness.ts";
import { CMD, E, FLAG } from "./wire.ts";

rule("a write is EPERM, its payload is dropped, and the data stays", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    const flags = mode === "extended" ? FLAG.PAYLOAD_LEN : 0;
    for (const length of [1, 512, 1_000_000]) {
      const payload = new Uint8Array(length).fill(0x25);
      await client.request(
        { type: CMD.WRITE, flags: flags | FLAG.FUA, cookie: 3, length, payload },
        { type: CMD.READ, cookie: 4, length: 600 },
      );
      assertEquals(await client.outcome(), { cookie: 3n, errno: E.PERM });
      assertEquals(await client.data(600), bytesAt(0, 600));
    }
  }
});
