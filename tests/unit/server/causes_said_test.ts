import { assertEquals } from "@std/assert";
import { CausesSaid } from "../../../src/server/client_events.ts";

Deno.test("each cause is said once, and no more than some of a client that thinks of new ones", () => {
  const said = new CausesSaid();
  assertEquals(["one", "two", "one"].map((cause) => said.isNew(cause)), [true, true, false]);
  let count = 0;
  for (let number = 0; number < 1000; number++) if (said.isNew(`${number}`)) count++;
  assertEquals(count, 30);
});
