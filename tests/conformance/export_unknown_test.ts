// doc/proto.md, "NBD_REP_ERR_UNKNOWN" and "NBD_OPT_EXPORT_NAME".
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { infoPayload, OPT, option, REP, text } from "./wire.ts";

rule("another export name is unknown; EXPORT_NAME can only close", async (server) => {
  const client = await server.greeted();
  for (const code of [OPT.INFO, OPT.GO]) {
    const replies = await client.ask(option(code, infoPayload("other")));
    assertEquals(replies.map(({ type }) => type), [REP.ERR_UNKNOWN]);
  }
  await client.send(option(OPT.EXPORT_NAME, text("other")));
  await client.closed();
});
