import { assertEquals } from "@std/assert";
import { DescriptorUsers } from "../../../src/server/descriptor_users.ts";

Deno.test("descriptors have no users until one is added, and none when all have ended", async () => {
  const users = new DescriptorUsers();
  await users.gone;
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  users.add(one.promise);
  users.add(other.promise);
  let areGone = false;
  const gone = users.gone.then(() => areGone = true);
  one.resolve();
  await one.promise;
  await Promise.resolve();
  assertEquals(areGone, false);
  other.resolve();
  await gone;
  assertEquals(areGone, true);
});
