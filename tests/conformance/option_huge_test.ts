// doc/proto.md, "Termination of the session during option haggling": a hard disconnect.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { OPT, option, REP } from "./wire.ts";

rule(
  "an option that claims 4 GiB is refused without waiting for them, and closes",
  async (server) => {
    const client = await server.greeted();
    await client.send(option(OPT.INFO, new Uint8Array(), 0xffffffff));
    assertEquals((await client.optionReply()).type, REP.ERR_TOO_BIG);
    await client.closed();
  },
);
