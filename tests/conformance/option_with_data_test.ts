// doc/proto.md, "Option types": options that take no data.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { OPT, option, REP, text } from "./wire.ts";

rule(
  "LIST, STRUCTURED_REPLY and EXTENDED_HEADERS with data are invalid and change nothing",
  async (server) => {
    const client = await server.greeted();
    for (const code of [OPT.LIST, OPT.STRUCTURED_REPLY, OPT.EXTENDED_HEADERS]) {
      const replies = await client.ask(option(code, text("data")));
      assertEquals(replies.map(({ type }) => type), [REP.ERR_INVALID]);
      assertEquals((await client.ask(option(code))).at(-1)!.type, REP.ACK);
    }
  },
);
