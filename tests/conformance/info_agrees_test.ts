// doc/proto.md, "NBD_OPT_INFO and NBD_OPT_GO": the same parameters get the same information.
import { assert, assertEquals } from "@std/assert";
import { rule, SIZE } from "./harness.ts";
import { concat, INFO, infoPayload, OPT, option, REP, u16, u32, u64 } from "./wire.ts";

rule("INFO and GO give the same, what is asked for and nothing unknown", async (server) => {
  const client = await server.greeted();
  const payload = infoPayload("", [INFO.DESCRIPTION, 4711, INFO.BLOCK_SIZE, INFO.NAME]);
  const info = await client.ask(option(OPT.INFO, payload));
  const go = await client.ask(option(OPT.GO, payload));
  assertEquals(go.map((reply) => reply.payload), info.map((reply) => reply.payload));
  assertEquals(info.map(({ type }) => type), [...Array(4).fill(REP.INFO), REP.ACK]);
  const find = (kind: number) => info.find((reply) => reply.payload[1] === kind)!.payload;
  assertEquals(find(INFO.EXPORT), concat(u16(INFO.EXPORT), u64(SIZE), u16(0b101_0000_1111)));
  assertEquals(find(INFO.NAME), u16(INFO.NAME));
  assert(find(INFO.DESCRIPTION).length > 2);
  assertEquals(
    find(INFO.BLOCK_SIZE),
    concat(u16(INFO.BLOCK_SIZE), u32(1), u32(4096), u32(2 ** 25)),
  );
});
