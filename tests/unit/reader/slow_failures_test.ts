import { assertEquals } from "@std/assert";
import { SlowFailures } from "../../../src/reader/slow_failures.ts";

Deno.test("quick failures are believed, and a slow one until slow ones have been", () => {
  const failures = new SlowFailures();
  const suspects = [20, 999, 1000, 30_000].map((ms) => failures.isSuspect(ms));
  assertEquals(suspects, [false, false, true, true]);
  failures.believe(20);
  assertEquals([failures.isSuspect(999), failures.isSuspect(1000)], [false, true]);
  failures.believe(7000);
  assertEquals([failures.isSuspect(7000), failures.isSuspect(27_999)], [false, false]);
  assertEquals(failures.isSuspect(28_000), true);
  failures.believe(30);
  assertEquals(failures.isSuspect(8000), false);
});
