// doc/proto.md, "Newstyle negotiation": the server speaks first.
import { assertEquals } from "@std/assert";
import { rule } from "./harness.ts";

rule("the server greets with its magic numbers, fixed newstyle and no zeroes", async (server) => {
  const client = await server.dial();
  assertEquals(await client.greeting(), 0b11);
});
