// A timer that nobody stops would fail these tests as a leak.
import { assertEquals } from "@std/assert";
import { MediumPatience } from "../../../src/server/medium_patience.ts";

Deno.test("a medium that has left is waited for until the time is over", async () => {
  const patience = new MediumPatience(1);
  patience.left();
  assertEquals(await patience.over, "not answering");
});

Deno.test("the time runs from the first departure on, and not once a medium is served", async () => {
  const patience = new MediumPatience(60_000);
  const isOver = () => Promise.race([patience.over, Promise.resolve("waits")]);
  assertEquals(await isOver(), "waits");
  patience.left();
  // A medium that was refused, or had left again while it was opened, gives no new patience.
  patience.left();
  patience.end();
  assertEquals(await isOver(), "waits");
});

Deno.test("who waits for ever starts no clock", () => {
  new MediumPatience(undefined).left();
});
