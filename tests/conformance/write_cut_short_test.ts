// doc/proto.md, "Terminating the transmission phase": a client that goes in the middle of a payload.
import { assertEquals } from "@std/assert";
import { bytesAt, MODES, rule } from "./harness.ts";
import { CMD, extendedRequest, FLAG, request } from "./wire.ts";

rule("of a write whose payload never comes to its end nothing is written", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    const flags = mode === "extended" ? FLAG.PAYLOAD_LEN : 0;
    const build = mode === "extended" ? extendedRequest : request;
    const payload = new Uint8Array(200_000).fill(0x55);
    const bytes = build({ type: CMD.WRITE, flags, length: payload.length, payload });
    await client.send(bytes.subarray(0, 150_000));
    client.close();
    const other = await server.enter(mode);
    await other.request({ type: CMD.READ, length: 200_000 });
    assertEquals(await other.data(200_000), bytesAt(0, 200_000));
  }
}, { writable: true });
