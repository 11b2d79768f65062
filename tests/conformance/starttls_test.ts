// doc/proto.md, "NOTLS mode": STARTTLS gets NBD_REP_ERR_UNSUP or NBD_REP_ERR_POLICY.
import { assert, assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { infoPayload, OPT, option, REP } from "./wire.ts";

rule("TLS is refused with a sentence, and the client may go on without", async (server) => {
  const client = await server.greeted();
  const [refusal] = await client.ask(option(OPT.STARTTLS));
  assertEquals(refusal!.type, REP.ERR_UNSUP);
  assert(refusal!.sentence.includes("TLS"));
  assertEquals((await client.ask(option(OPT.GO, infoPayload("")))).at(-1)!.type, REP.ACK);
});
