// doc/proto.md, "Baseline": unknown options get NBD_REP_ERR_UNSUP, and the next message is parsed.
import { assert, assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { OPT, option, REP, text } from "./wire.ts";

rule(
  "an unknown option is refused with its data dropped, and the next one is answered",
  async (server) => {
    const client = await server.greeted();
    for (
      const payload of [text(""), text("hello"), new Uint8Array(16_384), new Uint8Array(1_000_000)]
    ) {
      const [refusal, ...others] = await client.ask(option(4711, payload));
      assertEquals([refusal!.option, refusal!.type, others.length], [4711, REP.ERR_UNSUP, 0]);
      assert(refusal!.sentence.length > 0);
      assertEquals((await client.ask(option(OPT.LIST))).length, 2);
    }
  },
);
