// doc/proto.md, "NBD_OPT_ABORT": the server replies with NBD_REP_ACK.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { OPT, option, REP, text } from "./wire.ts";

rule("ABORT is acknowledged, with or without data, and the connection closed", async (server) => {
  for (const payload of [text(""), text("bye")]) {
    const client = await server.greeted();
    assertEquals((await client.ask(option(OPT.ABORT, payload))).map(({ type }) => type), [REP.ACK]);
    await client.closed();
  }
});
