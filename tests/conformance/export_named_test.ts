// doc/proto.md, "NBD_OPT_GO": the name is the one that was configured.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { infoPayload, OPT, option, REP } from "./wire.ts";

rule("a named export is entered by its name only", async (server) => {
  const client = await server.greeted();
  assertEquals((await client.ask(option(OPT.GO, infoPayload("")))).at(-1)!.type, REP.ERR_UNKNOWN);
  assertEquals(
    (await client.ask(option(OPT.GO, infoPayload("disc 1 \u00e4")))).at(-1)!.type,
    REP.ACK,
  );
}, { args: ["--export", "disc 1 \u00e4"] });
