// Limits: a client may send 128 options.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";
import { concat, OPT, option } from "./wire.ts";

rule("a client that goes on sending options is closed", async (server) => {
  const client = await server.greeted();
  await client.send(concat(...Array.from({ length: 129 }, () => option(OPT.LIST))));
  for (let count = 0; count < 128; count++) assertEquals((await client.optionReplies()).length, 2);
  await client.closed();
});
