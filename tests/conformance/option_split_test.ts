// doc/proto.md, "Newstyle negotiation": messages are a stream; packets mean nothing.
import { assertEquals } from "@std/assert";
import { bytesAt, rule } from "./harness.ts";
import { CLIENT_FLAGS, CMD, concat, infoPayload, OPT, option, request } from "./wire.ts";

rule("a client may speak byte by byte, or everything at once", async (server) => {
  const bytes = concat(
    CLIENT_FLAGS,
    option(OPT.LIST),
    option(OPT.GO, infoPayload("")),
    request({ type: CMD.READ, offset: 99, length: 300 }),
  );
  for (const step of [1, bytes.length]) {
    const client = await server.dial();
    await client.greeting();
    for (let at = 0; at < bytes.length; at += step) {
      await client.send(bytes.subarray(at, at + step));
    }
    await client.optionReplies();
    await client.optionReplies();
    assertEquals(await client.data(300), bytesAt(99, 300));
  }
});
