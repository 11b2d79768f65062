// doc/proto.md, "Transmission flags": SEND_DF is set exactly when structured replies are.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { infoPayload, OPT, option } from "./wire.ts";

rule("NBD_FLAG_SEND_DF is advertised only with structured replies", async (server) => {
  const client = await server.greeted();
  const flags = async () => (await client.ask(option(OPT.INFO, infoPayload(""))))[0]!.payload[11]!;
  assertEquals(await flags() & 0x80, 0);
  await client.ask(option(OPT.STRUCTURED_REPLY));
  assertEquals(await flags() & 0x80, 0x80);
});
