// doc/proto.md, "NBD_REP_ERR_TOO_BIG": a request that is too large to process.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { infoPayload, OPT, option, REP } from "./wire.ts";

rule("an oversized option is refused, and the next one is answered", async (server) => {
  const client = await server.greeted();
  const [refusal] = await client.ask(option(OPT.INFO, infoPayload("x".repeat(60_000))));
  assertEquals(refusal!.type, REP.ERR_TOO_BIG);
  assertEquals((await client.ask(option(OPT.LIST))).at(-1)!.type, REP.ACK);
});
