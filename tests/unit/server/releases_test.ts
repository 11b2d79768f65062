import { assertEquals } from "@std/assert";
import { Releases } from "../../../src/server/drive_life.ts";

Deno.test("whoever waits goes on with the first medium that lets go, and with none there is nothing to wait for", async () => {
  const releases = new Releases();
  assertEquals(releases.next, undefined);
  const [slow, fast] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  releases.add(slow.promise);
  releases.add(fast.promise);
  const next = releases.next!;
  fast.resolve();
  assertEquals(await next, "released");
  const other = releases.next!;
  slow.resolve();
  assertEquals(await other, "released");
  assertEquals(releases.next, undefined);
});
