// doc/proto.md, "Terminating the transmission phase": a client that closes without a good-bye.
import { assertEquals } from "@std/assert";
import { bytesAt, rule } from "./harness.ts";
import { CMD, request } from "./wire.ts";

rule(
  "a client that closes in the middle of a message is dropped, and harms nobody",
  async (server) => {
    const other = await server.enter("simple");
    const bytes = request({ type: CMD.WRITE, length: 100, payload: new Uint8Array(100) });
    for (const length of [0, 1, 4, 27, 28, 60]) {
      const client = await server.enter("simple");
      await client.send(bytes.subarray(0, length));
      await client.sayNoMore();
      await client.closed();
    }
    await other.request({ type: CMD.READ, length: 512 });
    assertEquals(await other.data(512), bytesAt(0, 512));
  },
);
