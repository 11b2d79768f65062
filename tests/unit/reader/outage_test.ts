// The judge of failures alone: when it wants known good sectors re-read, and when a silent device is tried again.
import { assert, assertEquals } from "@std/assert";
import {
  FIRST_CHECK,
  MOST_UNPROVED,
  MOST_UNPROVED_AFTER_OUTAGE,
  MOST_UNPROVED_EVER,
  MOST_UNTOLD,
  Outage,
  RESTS_MS,
} from "../../../src/reader/outage.ts";

/** Fails until a check is due. @returns how many failures that took. */
function failUntilCheck(outage: Outage, nowMs = 0): number {
  for (let count = 1; count <= 10 * MOST_UNPROVED; count++) {
    outage.failed(nowMs);
    if (outage.isCheckDue("ordinary", nowMs)) return count;
  }
  throw new Error("no check is ever due");
}

Deno.test("a device that answers is never checked", () => {
  const outage = new Outage();
  for (let count = 0; count < 1000; count++) outage.succeeded(true);
  assertEquals([outage.isDoubtful, outage.isCheckDue("awaited", 0)], [false, false]);
  assertEquals([outage.silentSinceMs, outage.restMs(0)], [undefined, Infinity]);
});

Deno.test("single bad sectors among good ones cost no check", () => {
  const outage = new Outage();
  for (let count = 0; count < 1000; count++) {
    outage.failed(count);
    outage.failed(count);
    assert(outage.isDoubtful);
    assertEquals(outage.isCheckDue("ordinary", count), false);
    outage.succeeded(true);
    assertEquals(outage.isDoubtful, false);
  }
});

Deno.test("a row of failures is checked early, and a proof in the middle of it lasts for a while", () => {
  const outage = new Outage();
  assertEquals(failUntilCheck(outage), FIRST_CHECK);
  outage.checked("answers", 0);
  assertEquals(outage.isDoubtful, false);
  // The second check of the run comes when it is one in a hundred reads.
  assertEquals(failUntilCheck(outage), 100 - FIRST_CHECK);
});

Deno.test("after many good reads a row of failures is checked each 32", () => {
  const outage = new Outage();
  for (let count = 0; count < 1000; count++) outage.succeeded(true);
  assertEquals(failUntilCheck(outage), FIRST_CHECK);
  outage.checked("answers", 0);
  assertEquals(failUntilCheck(outage), MOST_UNPROVED);
});

Deno.test("a client that waits is told without a proof once checks were a hundredth of the reads", () => {
  const outage = new Outage();
  outage.failed(0);
  outage.checked("answers", 0, 2);
  let failures = 1;
  for (; !outage.isCheckDue("awaited", 0); failures++) outage.failed(0);
  // By then the check is made because of the many that are not proved.
  assertEquals(failures - 1, MOST_UNPROVED_EVER);
  outage.checked("answers", 0);
  outage.failed(0);
  assertEquals([outage.isCheckDue("awaited", 0), outage.isCheckDue("final", 0)], [false, true]);
});

Deno.test("soon after an outage a client waits for the proof, whatever that costs", () => {
  const outage = new Outage();
  outage.vanished(0);
  outage.attempted(true, 5000);
  for (let count = 0; count < 8; count++) {
    outage.failed(0);
    assertEquals(outage.isCheckDue("awaited", 0), true);
    outage.checked("answers", 0);
  }
});

Deno.test("a client that waits has the check made at once", () => {
  const outage = new Outage();
  outage.failed(0);
  assertEquals(outage.isCheckDue("ordinary", 0), false);
  assertEquals(outage.isCheckDue("awaited", 0), true);
});

Deno.test("a read that may be a proof comes before a check, unless too much is unproved", () => {
  const outage = new Outage();
  for (let count = 1; count < MOST_UNPROVED; count++) {
    outage.failed(0);
    assertEquals(outage.isCheckDue("none", 10_000), false);
  }
  outage.failed(0);
  assertEquals(outage.isCheckDue("none", 0), true);
});

Deno.test("rows that end early cost a check in a hundred reads at most", () => {
  const outage = new Outage();
  let [reads, checks] = [0, 0];
  for (let row = 0; row < 2000; row++) {
    for (let count = 0; count < FIRST_CHECK + 1; count++) {
      outage.failed(row);
      reads++;
      if (!outage.isCheckDue("ordinary", row)) continue;
      outage.checked("answers", row);
      checks++;
    }
    outage.succeeded(true);
    reads++;
  }
  assert(checks > 10 && checks <= 1 + reads / 100, `${checks} checks in ${reads} reads`);
});

Deno.test("slow failures are checked each second while that costs little, and else each 100", () => {
  const outage = new Outage();
  for (let count = 0; count < 200; count++) outage.succeeded(true);
  assertEquals(failUntilCheck(outage, 0), FIRST_CHECK);
  outage.checked("answers", 0);
  const perCheck = [];
  for (let check = 0, nowMs = 0; check < 4; check++) {
    let failures = 0;
    do {
      outage.failed(nowMs += 600);
      failures++;
    } while (!outage.isCheckDue("ordinary", nowMs));
    outage.checked("answers", nowMs);
    perCheck.push(failures);
  }
  assertEquals(perCheck, [3, 3, 91, 100]);
});

Deno.test("bytes from a cache of the system prove nothing", () => {
  const outage = new Outage();
  outage.failed(0);
  outage.succeeded(false);
  assertEquals([outage.isDoubtful, outage.isCheckDue("awaited", 0)], [true, true]);
  for (let count = 1; count < MOST_UNPROVED; count++) {
    assertEquals(outage.isCheckDue("ordinary", 0), false);
    outage.succeeded(false);
    outage.failed(0);
  }
  assertEquals(outage.isCheckDue("ordinary", 0), true);
});

Deno.test("a check that fails makes the device silent since its first unproved failure", () => {
  const outage = new Outage();
  outage.failed(100);
  outage.failed(200);
  outage.failed(300);
  outage.checked("silent", 400);
  assertEquals([outage.silentSinceMs, outage.isDoubtful], [100, false]);
  assertEquals(outage.isCheckDue("awaited", 500), false);
});

Deno.test("a silent device is tried after rests that grow, until it answers", () => {
  const outage = new Outage();
  outage.vanished(0);
  let nowMs = 0;
  for (let attempt = 0; attempt < RESTS_MS.length + 2; attempt++) {
    const restMs = RESTS_MS[Math.min(attempt, RESTS_MS.length - 1)]!;
    assertEquals([outage.attempts, outage.restMs(nowMs)], [attempt, restMs]);
    assertEquals(outage.restMs(nowMs + restMs), 0);
    outage.attempted(false, nowMs += restMs);
  }
  outage.attempted(true, nowMs);
  assertEquals([outage.silentSinceMs, outage.restMs(nowMs)], [undefined, Infinity]);
  // The next outage begins anew.
  assertEquals(failUntilCheck(outage), FIRST_CHECK);
  outage.checked("silent", nowMs);
  assertEquals(outage.restMs(nowMs), RESTS_MS[0]);
});

Deno.test("after an outage checks come often, and less so as the device stays well", () => {
  const outage = new Outage();
  outage.vanished(0);
  outage.attempted(true, 5000);
  const perCheck = new Set<number>();
  for (let check = 0; check < 60; check++) {
    // Behind the first check of a row, which is early in any case.
    perCheck.add(failUntilCheck(outage));
    outage.checked("answers", 0);
  }
  assertEquals([...perCheck].slice(0, 4), [FIRST_CHECK, MOST_UNPROVED_AFTER_OUTAGE, 8, 16]);
  for (const failures of [...perCheck].slice(4)) assert(failures >= MOST_UNPROVED, `${failures}`);
});

Deno.test("a device that has vanished twice vanished the first time", () => {
  const outage = new Outage();
  outage.vanished(10);
  outage.vanished(5000);
  assertEquals([outage.silentSinceMs, outage.restMs(10)], [10, RESTS_MS[0]]);
});

Deno.test("a device of which nothing is known to be good is silent after several places, not after the first", () => {
  const outage = new Outage();
  assertEquals(failUntilCheck(outage), FIRST_CHECK);
  for (let check = 1; check < MOST_UNTOLD; check++) {
    outage.checked("untold", 0);
    assertEquals([outage.silentSinceMs, outage.isCheckDue("ordinary", 0)], [undefined, true]);
  }
  outage.checked("untold", 0);
  assertEquals(outage.silentSinceMs, 0);

  const alive = new Outage();
  failUntilCheck(alive);
  alive.checked("untold", 0);
  alive.checked("answers", 0);
  assertEquals([alive.silentSinceMs, alive.isDoubtful], [undefined, false]);
});

/** A device that falls silent at `nowMs`. @returns how long it rests first. */
function silentAt(outage: Outage, nowMs: number): number {
  outage.vanished(nowMs);
  return outage.restMs(nowMs);
}

Deno.test("when opening it again has helped, the next silence begins with that, until it is in vain", () => {
  const outage = new Outage();
  assertEquals([silentAt(outage, 0), outage.isStuck], [5000, false]);
  outage.attempted(false, 5000);
  assertEquals([outage.restMs(5000), outage.isStuck], [10_000, true]);
  outage.attempted(true, 15_000);
  assertEquals([silentAt(outage, 20_000), outage.isStuck], [0, true]);
  outage.attempted(true, 20_000);
  assertEquals(silentAt(outage, 30_000), 0);
  outage.attempted(false, 30_000);
  // The usual rests follow.
  assertEquals([outage.restMs(30_000), outage.isStuck], [5000, true]);
  outage.attempted(true, 35_000);
  assertEquals([silentAt(outage, 40_000), outage.isStuck], [5000, false]);
});

Deno.test("a device that answers only after several attempts needed time, not to be opened again", () => {
  const outage = new Outage();
  silentAt(outage, 0);
  outage.attempted(false, 5000);
  outage.attempted(false, 15_000);
  outage.attempted(true, 35_000);
  assertEquals([silentAt(outage, 40_000), outage.isStuck], [5000, false]);
});
