// doc/proto.md, "Block size constraints": a payload that is a denial of service may be met with a disconnect. With
// extended headers a client can send so much on purpose: it is dropped up to a limit, and refused.
import { assertEquals } from "@std/assert";
import { MAX_DROPPED_PAYLOAD_BYTES } from "../../src/nbd/limits.ts";
import { MODES, rule } from "./harness.ts";
import { CMD, E, FLAG } from "./wire.ts";

const MORE_THAN_32_MIB = 2 ** 25 + 1;

rule(
  "a write of more than 32 MiB closes the connection without extended headers",
  async (server) => {
    for (const mode of MODES.filter((mode) => mode !== "extended")) {
      const client = await server.enter(mode);
      await client.request({ type: CMD.WRITE, length: MORE_THAN_32_MIB });
      await client.closed();
    }
  },
);

rule("with extended headers its payload is dropped, and it is refused", async (server) => {
  const client = await server.enter("extended");
  const flags = FLAG.PAYLOAD_LEN;
  await client.request({ type: CMD.WRITE, flags, cookie: 1, length: MORE_THAN_32_MIB });
  await client.send(new Uint8Array(MORE_THAN_32_MIB));
  const { cookie, errno } = await client.outcome();
  assertEquals([cookie, errno === E.INVAL || errno === E.PERM], [1n, true]);
  await client.request({ type: CMD.READ, cookie: 2, length: 512 });
  assertEquals((await client.outcome()).errno, 0);
});

rule("a payload that is longer than is dropped closes the connection", async (server) => {
  const client = await server.enter("extended");
  const flags = FLAG.PAYLOAD_LEN;
  await client.request({ type: CMD.WRITE, flags, length: MAX_DROPPED_PAYLOAD_BYTES + 1 });
  await client.closed();
});
