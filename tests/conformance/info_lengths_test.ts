// doc/proto.md, "NBD_OPT_INFO and NBD_OPT_GO": lengths that contradict each other.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { concat, infoPayload, OPT, option, REP, text, u16, u32 } from "./wire.ts";

const BAD_PAYLOADS: Record<string, Uint8Array> = {
  "nothing": text(""),
  "half a length": text("ab"),
  "a name past the end": concat(u32(5), text("name"), u16(0)),
  "a name of 4 GiB": concat(u32(0xffffffff), u16(0)),
  "no number of requests": concat(u32(4), text("name")),
  "fewer requests than counted": concat(infoPayload("", [0]).subarray(0, 4), u16(2), u16(0)),
  "bytes left over": concat(infoPayload("", [0]), text("x")),
};

rule(
  "INFO and GO with contradictory lengths are invalid, and the next option is answered",
  async (server) => {
    const client = await server.greeted();
    for (const code of [OPT.INFO, OPT.GO]) {
      for (const [what, payload] of Object.entries(BAD_PAYLOADS)) {
        const replies = await client.ask(option(code, payload));
        assertEquals(replies.map(({ type }) => type), [REP.ERR_INVALID], what);
        assertEquals((await client.ask(option(OPT.LIST))).at(-1)!.type, REP.ACK, what);
      }
    }
  },
);
