// doc/proto.md, "NBD_OPT_LIST" and "NBD_REP_SERVER".
import { assert, assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { OPT, option, REP, u32 } from "./wire.ts";

rule("LIST names the one export and describes it", async (server) => {
  const client = await server.greeted();
  const [entry, ack, ...others] = await client.ask(option(OPT.LIST));
  assertEquals([entry!.type, ack!.type, others.length], [REP.SERVER, REP.ACK, 0]);
  assertEquals(entry!.payload.subarray(0, 4), u32(0));
  assert(entry!.payload.length > 4, "no description");
});
