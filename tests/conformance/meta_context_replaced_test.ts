// doc/proto.md, "NBD_OPT_SET_META_CONTEXT": replaces what was set, also when it fails.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { CMD, E, infoPayload, metaPayload, OPT, option, REP, text } from "./wire.ts";

const REPLACEMENTS: Record<string, [Uint8Array, number]> = {
  "no query": [metaPayload("", []), REP.ACK],
  "another export": [metaPayload("other", ["base:allocation"]), REP.ERR_UNKNOWN],
  "contradictory lengths": [text("x"), REP.ERR_INVALID],
  "too much": [new Uint8Array(50_000), REP.ERR_TOO_BIG],
};

rule("a later SET_META_CONTEXT replaces the contexts even when it fails", async (server) => {
  for (const [what, [payload, expected]] of Object.entries(REPLACEMENTS)) {
    const client = await server.greeted();
    client.mode = "structured";
    await client.ask(option(OPT.STRUCTURED_REPLY));
    await client.ask(option(OPT.SET_META_CONTEXT, metaPayload("", ["base:allocation"])));
    const replies = await client.ask(option(OPT.SET_META_CONTEXT, payload));
    assertEquals(replies.map(({ type }) => type), [expected], what);
    await client.ask(option(OPT.GO, infoPayload("")));
    await client.request({ type: CMD.BLOCK_STATUS, cookie: 5, length: 512 });
    assertEquals(await client.outcome(), { cookie: 5n, errno: E.INVAL }, what);
  }
});
