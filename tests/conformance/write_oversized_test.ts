// doc/proto.md, "Block size constraints": a payload that is a denial of service may be met with a disconnect.
import { MODES, rule } from "./harness.ts";
import { CMD, FLAG } from "./wire.ts";

rule("a write of more than 32 MiB closes the connection", async (server) => {
  for (const mode of MODES) {
    const client = await server.enter(mode);
    const flags = mode === "extended" ? FLAG.PAYLOAD_LEN : 0;
    await client.request({ type: CMD.WRITE, flags, length: 2 ** 25 + 1 });
    await client.closed();
  }
});
