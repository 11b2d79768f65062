// doc/proto.md, "NBD_OPT_EXTENDED_HEADERS": takes precedence over structured replies.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { OPT, option, REP } from "./wire.ts";

rule(
  "extended headers replace structured replies, once, and exclude EXPORT_NAME",
  async (server) => {
    const client = await server.greeted();
    assertEquals((await client.ask(option(OPT.STRUCTURED_REPLY)))[0]!.type, REP.ACK);
    assertEquals((await client.ask(option(OPT.EXTENDED_HEADERS)))[0]!.type, REP.ACK);
    assertEquals((await client.ask(option(OPT.EXTENDED_HEADERS)))[0]!.type, REP.ERR_INVALID);
    assertEquals(
      (await client.ask(option(OPT.STRUCTURED_REPLY)))[0]!.type,
      REP.ERR_EXT_HEADER_REQD,
    );
    await client.send(option(OPT.EXPORT_NAME));
    await client.closed();
  },
);
