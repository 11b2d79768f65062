// doc/proto.md, "Request message": the magic number of the negotiated format.
import { assertEquals } from "@std/assert";
import { MODES, rule } from "./harness.ts";
import { CMD, extendedRequest, request } from "./wire.ts";

rule("a wrong magic number closes the connection after the replies due", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    const wrongFormat = mode === "extended" ? request : extendedRequest;
    await client.request({ type: CMD.FLUSH, cookie: 3 });
    await client.send(wrongFormat({ type: CMD.FLUSH }), new Uint8Array(32));
    assertEquals(await client.outcome(), { cookie: 3n, errno: 0 });
    await client.closed();
  }
});
