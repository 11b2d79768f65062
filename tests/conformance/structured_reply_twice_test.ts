// doc/proto.md, "Fixed newstyle negotiation": a repeated message may be invalid, and changes nothing.
import { assertEquals } from "@std/assert";
import { bytesAt, rule } from "./harness.ts";
import { CMD, infoPayload, OPT, option, REP } from "./wire.ts";

rule("STRUCTURED_REPLY twice is invalid and leaves structured replies on", async (server) => {
  const client = await server.greeted();
  client.mode = "structured";
  assertEquals((await client.ask(option(OPT.STRUCTURED_REPLY)))[0]!.type, REP.ACK);
  assertEquals((await client.ask(option(OPT.STRUCTURED_REPLY)))[0]!.type, REP.ERR_INVALID);
  await client.ask(option(OPT.GO, infoPayload("")));
  await client.request({ type: CMD.READ, length: 10 });
  assertEquals(await client.data(10), bytesAt(0, 10));
});
