// doc/proto.md, "NBD_OPT_LIST_META_CONTEXT": a length beyond the option is NBD_REP_ERR_INVALID.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { concat, metaPayload, OPT, option, REP, text, u32 } from "./wire.ts";

const BAD_PAYLOADS: Record<string, Uint8Array> = {
  "nothing": text(""),
  "a name past the end": concat(u32(9), text("name")),
  "no number of queries": u32(0),
  "four billion queries": concat(u32(0), u32(0xffffffff)),
  "a query past the end": concat(u32(0), u32(1), u32(16), text("base:allocation")),
  "a query of 4 GiB": concat(u32(0), u32(1), u32(0xffffffff)),
  "bytes left over": concat(metaPayload("", ["base:allocation"]), text("x")),
};

rule(
  "metadata options with contradictory lengths are invalid, and the next option is answered",
  async (server) => {
    const client = await server.greeted();
    await client.ask(option(OPT.STRUCTURED_REPLY));
    for (const code of [OPT.LIST_META_CONTEXT, OPT.SET_META_CONTEXT]) {
      for (const [what, payload] of Object.entries(BAD_PAYLOADS)) {
        const replies = await client.ask(option(code, payload));
        assertEquals(replies.map(({ type }) => type), [REP.ERR_INVALID], what);
        assertEquals((await client.ask(option(OPT.LIST))).at(-1)!.type, REP.ACK, what);
      }
    }
  },
);
