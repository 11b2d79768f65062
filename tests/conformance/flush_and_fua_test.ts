// doc/proto.md, "Command flags": FUA is valid for all commands once it has been advertised.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule } from "./harness.ts";
import { CMD, FLAG } from "./wire.ts";

rule("FLUSH and FUA succeed", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    await client.request(
      { type: CMD.FLUSH, cookie: 1 },
      { type: CMD.FLUSH, flags: FLAG.FUA, cookie: 2 },
      { type: CMD.CACHE, flags: FLAG.FUA, cookie: 3, length: 512 },
      { type: CMD.READ, flags: FLAG.FUA, cookie: 4, length: 512 },
    );
    for (const cookie of [1n, 2n, 3n]) assertEquals(await client.outcome(), { cookie, errno: 0 });
    assertEquals(await client.data(512), bytesAt(0, 512));
  }
});
