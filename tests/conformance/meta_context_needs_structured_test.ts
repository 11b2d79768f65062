// doc/proto.md, "NBD_OPT_SET_META_CONTEXT": not before structured replies.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { metaPayload, OPT, option, REP } from "./wire.ts";

rule("metadata contexts without structured replies are invalid", async (server) => {
  const client = await server.greeted();
  for (const code of [OPT.LIST_META_CONTEXT, OPT.SET_META_CONTEXT]) {
    const replies = await client.ask(option(code, metaPayload("", ["base:allocation"])));
    assertEquals(replies.map(({ type }) => type), [REP.ERR_INVALID]);
  }
});
