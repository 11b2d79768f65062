// doc/proto.md, "Client flags": the server drops a client that sets an unknown flag.
import { rule } from "./harness.ts";
import { u32 } from "./wire.ts";

rule("unknown client flags close the connection", async (server) => {
  for (const flags of [4, 7, 0x80000000]) {
    const client = await server.dial();
    await client.greeting();
    await client.send(u32(flags));
    await client.closed();
  }
});
