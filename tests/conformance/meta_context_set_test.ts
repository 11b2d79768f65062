// doc/proto.md, "NBD_OPT_SET_META_CONTEXT": each selected context has a unique id.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { metaPayload, OPT, option, REP } from "./wire.ts";

rule("SET_META_CONTEXT selects exact names, each once and with its own id", async (server) => {
  const client = await server.greeted();
  await client.ask(option(OPT.STRUCTURED_REPLY));
  const queries = ["x-blkcache:state", "base:", "nonsense:x", "base:allocation", "base:allocation"];
  const replies = await client.ask(option(OPT.SET_META_CONTEXT, metaPayload("", queries)));
  assertEquals(replies.pop()!.type, REP.ACK);
  const names = replies.map(({ sentence }) => sentence.slice(4));
  assertEquals(names.sort(), ["base:allocation", "x-blkcache:state"]);
  assertEquals(new Set(replies.map(({ payload }) => payload.subarray(0, 4).join())).size, 2);
});
