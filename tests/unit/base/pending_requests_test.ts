// Slots of requests that wait: taken, abandoned, released, overdue.
import { assertEquals, assertThrows } from "@std/assert";
import { PendingRequests } from "../../../src/base/pending_requests.ts";

Deno.test("each slot is taken once, until it is released", () => {
  const pending = new PendingRequests(3);
  assertEquals([pending.take(0, 1, 1), pending.take(0, 1, 1), pending.take(0, 1, 1)].sort(), [
    0,
    1,
    2,
  ]);
  assertEquals([pending.full, pending.waiting], [true, 3]);
  assertThrows(() => pending.take(0, 1, 1));
  assertEquals(pending.release(1), true);
  assertThrows(() => pending.release(1));
  assertEquals([pending.take(0, 1, 1), pending.full], [1, true]);
});

Deno.test("an abandoned slot stays taken, and nobody is told of its end", () => {
  const pending = new PendingRequests(1);
  const slot = pending.take(0, 1, 5);
  pending.abandon(slot);
  assertThrows(() => pending.abandon(slot));
  assertEquals([pending.full, pending.waiting, pending.any(), pending.isWaiting(slot)], [
    ...[true, 0, -1, false],
  ]);
  assertEquals([pending.overdue(100), pending.nextDeadline], [-1, Infinity]);
  assertEquals([pending.release(slot), pending.full], [false, false]);
});

Deno.test("what is overdue is found, in any order of deadlines", () => {
  const pending = new PendingRequests(4);
  const [late, early, never] = [
    pending.take(0, 1, 30),
    pending.take(0, 1, 10),
    pending.take(0, 1, Infinity),
  ];
  assertEquals([pending.nextDeadline, pending.overdue(9)], [10, -1]);
  assertEquals(pending.overdue(10), early);
  pending.abandon(early);
  assertEquals(pending.overdue(29), -1);
  assertEquals([pending.overdue(30), pending.nextDeadline <= 30], [late, true]);
  pending.abandon(late);
  assertEquals([pending.overdue(1e9), pending.any()], [-1, never]);
});

Deno.test("the record of a request stays until its slot is taken again", () => {
  const pending = new PendingRequests(2);
  const slot = pending.take(4096, 512, Infinity);
  assertEquals([pending.isFree(slot), pending.underWay, pending.count], [false, 1, 2]);
  pending.release(slot);
  assertEquals([pending.isFree(slot), pending.underWay], [true, 0]);
  assertEquals([pending.offsets[slot], pending.lengths[slot]], [4096, 512]);
  assertEquals(pending.take(0, 1, Infinity), slot);
  assertEquals([pending.offsets[slot], pending.lengths[slot]], [0, 1]);
});

Deno.test("when the client has gone, all its requests are abandoned", () => {
  const pending = new PendingRequests(3);
  pending.take(0, 1, Infinity);
  pending.abandon(pending.take(0, 1, Infinity));
  pending.take(0, 1, Infinity);
  pending.abandonAll();
  assertEquals([pending.waiting, pending.underWay, pending.any()], [0, 3, -1]);
  assertEquals([0, 1, 2].map((slot) => pending.release(slot)), [false, false, false]);
});
