// doc/proto.md, "NBD_CMD_DISC": outstanding requests are handled, there is no reply, the connection closes.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule } from "./harness.ts";
import { CMD } from "./wire.ts";

rule("DISC closes after what was asked before, without a reply", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    await client.request(
      { type: CMD.READ, offset: 300_000, length: 5000 },
      { type: CMD.DISC },
      { type: CMD.FLUSH },
    );
    assertEquals(await client.data(5000), bytesAt(300_000, 5000));
    await client.closed();
  }
});
