// doc/proto.md, "Newstyle negotiation": each option begins with IHAVEOPT.
import { rule } from "./harness.ts";
import { OPT, option } from "./wire.ts";

rule("an option with a wrong magic number closes the connection", async (server) => {
  const client = await server.greeted();
  const bytes = option(OPT.LIST);
  bytes[7]! ^= 1;
  await client.send(bytes);
  await client.closed();
});
