// doc/proto.md, "NBD_OPT_LIST_META_CONTEXT" and "The base: metadata namespace".
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { metaPayload, OPT, option, REP } from "./wire.ts";

const TABLE: [string[], string[]][] = [
  [[], ["base:allocation", "x-blkcache:state"]],
  [["base:"], ["base:allocation"]],
  [["x-blkcache:"], ["x-blkcache:state"]],
  [["x-blkcache:state"], ["x-blkcache:state"]],
  [["base:other", "qemu:", "without a colon", ""], []],
];

rule("LIST_META_CONTEXT lists all without queries, else what they match", async (server) => {
  const client = await server.greeted();
  await client.ask(option(OPT.STRUCTURED_REPLY));
  for (const [queries, expected] of TABLE) {
    const replies = await client.ask(option(OPT.LIST_META_CONTEXT, metaPayload("", queries)));
    assertEquals(replies.pop()!.type, REP.ACK);
    // The id in front of the name is reserved here.
    assertEquals(
      replies.map(({ sentence }) => sentence),
      expected.map((name) => "\0\0\0\0" + name),
    );
  }
});
