// When a fill leaves its drive alone: played reads on a played clock.
import { assert, assertEquals } from "@std/assert";
import { Resting, RESTS_MS } from "../../../src/reader/fill/resting.ts";
import { UsualTime } from "../../../src/reader/fill/usual_time.ts";

const CLUSTER = 65_536;
/** A cluster takes a millisecond when the drive is well, and 6.5 seconds when it is tired. */
const QUICK_MS = 1;
const TIRED_MS = 6500;

/** A resting on a clock of its own, and a drive that is tired after a failure until it was left alone for `needsMs`. */
class Played {
  readonly resting: Resting;
  nowMs = 0;
  #isTired = false;
  #endMs = 0;

  constructor(readonly needsMs: number, restsMs = RESTS_MS) {
    this.resting = new Resting(restsMs);
  }

  #begin(): void {
    this.nowMs += this.resting.waitMs(this.nowMs);
    if (this.nowMs - this.#endMs >= this.needsMs) this.#isTired = false;
  }

  /** Reads that succeed. @returns the rest that follows the last one, milliseconds. */
  read(count = 1, isLeftover = false, length = CLUSTER): number {
    for (let read = 0; read < count; read++) {
      this.#begin();
      const tookMs = (this.#isTired ? TIRED_MS : QUICK_MS) * length / CLUSTER;
      this.nowMs += tookMs;
      this.#endMs = this.nowMs;
      this.resting.succeeded(length, tookMs, this.nowMs, isLeftover);
    }
    return this.resting.waitMs(this.nowMs);
  }

  /** A read that fails. @returns as `read`. */
  fail(length = CLUSTER): number {
    this.#begin();
    this.nowMs += 30;
    this.#endMs = this.nowMs;
    this.#isTired = true;
    this.resting.failed(length, this.nowMs);
    return this.resting.waitMs(this.nowMs);
  }

  get pays(): boolean | undefined {
    return this.resting.restAt(this.nowMs)?.pays;
  }
}

Deno.test("rests are tried from the shortest on, and the first one that helps is kept", () => {
  const played = new Played(4000);
  played.read(10);
  assertEquals([played.fail(), played.read(1)], [0, 0]);
  assertEquals([played.read(1), played.pays], [2000, false]);
  assertEquals([played.read(1), played.pays], [5000, false]);
  // It is quick again.
  assertEquals(played.read(100), 0);
  // At once from now on: the next read would take longer than the rest.
  assertEquals([played.fail(), played.pays], [5000, true]);
  assertEquals(played.read(100), 0);
});

Deno.test("a rest that pays comes when slow short reads have cost as much as it does", () => {
  const played = new Played(4000);
  played.read(10);
  played.fail();
  played.read(4);
  // A sector takes 50 ms.
  assertEquals(played.fail(512), 0);
  let reads = 0;
  while (played.read(1, true, 512) === 0) reads++;
  assert(reads > 90 && reads < 110, `${reads}`);
  assertEquals(played.pays, true);
});

Deno.test("in a row of failures it does not rest after each", () => {
  const played = new Played(4000);
  played.read(10);
  played.fail();
  played.read(4);
  const rests = Array.from({ length: 20 }, () => played.fail());
  assertEquals(rests.filter((ms) => ms > 0), [5000]);
});

Deno.test("a drive that no rest helps is left alone for each length once, then for a few per cent of the time", () => {
  const played = new Played(Infinity);
  played.read(10);
  played.fail();
  const rests: number[] = [];
  while (played.nowMs < 3_600_000) {
    const ms = played.read(1);
    if (ms > 0) rests.push(ms);
  }
  assertEquals(rests.slice(0, 4), RESTS_MS);
  const sum = rests.reduce((sum, ms) => sum + ms, 0);
  assert(sum <= 37_000 + 0.03 * played.nowMs, `${sum}`);
});

Deno.test("one that was slow before its failure is in a slow place", () => {
  const resting = new Resting();
  let nowMs = 0;
  const read = (tookMs: number) => resting.succeeded(CLUSTER, tookMs, nowMs += tookMs);
  for (let count = 0; count < 10; count++) read(QUICK_MS);
  read(100);
  read(100);
  resting.failed(CLUSTER, nowMs);
  for (let count = 0; count < 1000; count++) read(100);
  assertEquals(resting.waitMs(nowMs), 0);
  // After a quick read the next failure counts again.
  read(QUICK_MS);
  resting.failed(CLUSTER, nowMs);
  for (let count = 0; count < 60; count++) read(100);
  assertEquals(resting.waitMs(nowMs), 2000);
});

Deno.test("where copying comes back to slow places, a trial takes more patience", () => {
  const played = new Played(1000);
  played.read(10);
  played.fail();
  assertEquals([played.read(3, true), played.read(1, true)], [0, 2000]);
});

Deno.test("a client ends a rest, which tells nothing then", () => {
  const played = new Played(4000);
  played.read(10);
  played.fail();
  assertEquals(played.read(2), 2000);
  played.resting.end(played.nowMs + 1000);
  assertEquals(played.resting.waitMs(played.nowMs + 1000), 0);
  // The same length is tried again.
  assertEquals(played.read(2), 2000);
});

Deno.test("a rest counts from the last read on that anybody has made", () => {
  const played = new Played(4000);
  played.read(10);
  played.fail();
  played.read(2);
  const endMs = played.nowMs;
  played.resting.leftAloneSince(endMs + 500);
  assertEquals(played.resting.waitMs(endMs + 500), 2000);
  // What was read before it, and after its end, changes nothing.
  played.resting.leftAloneSince(endMs - 100);
  played.resting.leftAloneSince(endMs + 2600);
  assertEquals(played.resting.waitMs(endMs + 2600), 0);
});

Deno.test("a rest that no longer helps is given up for a longer one", () => {
  const played = new Played(1500);
  played.read(10);
  played.fail();
  played.read(3);
  assertEquals([played.fail(), played.pays], [2000, true]);
  const tireder = new Played(8000);
  Object.assign(tireder, { resting: played.resting, nowMs: played.nowMs + 10_000 });
  tireder.fail();
  const rests = Array.from({ length: 12 }, () => tireder.read(1)).filter((ms) => ms > 0);
  assertEquals(rests, [2000, 5000, 10_000]);
});

Deno.test("after an outage nothing of it is left", () => {
  const played = new Played(4000);
  played.read(10);
  played.fail();
  played.read(2);
  played.resting.reset();
  assertEquals([played.resting.waitMs(played.nowMs), played.read(10)], [0, 0]);
});

Deno.test("without lengths to try it never rests", () => {
  const played = new Played(4000, []);
  played.read(10);
  played.fail();
  assertEquals(played.read(1000), 0);
});

Deno.test("a read is slow beside those of its length, or of the next longer one that is known", () => {
  const usual = new UsualTime();
  // Nothing is known: a megabyte a second.
  assertEquals([usual.isSlow(CLUSTER, 1300), usual.isSlow(CLUSTER, 1400)], [false, true]);
  for (let count = 0; count < 50; count++) usual.learn(CLUSTER, 5);
  assertEquals([usual.isSlow(512, 100), usual.isSlow(512, 101)], [false, true]);
  for (let count = 0; count < 50; count++) usual.learn(512, 0.1);
  // A turn or two of the disk is no sign.
  assertEquals([usual.isSlow(512, 29), usual.isSlow(512, 30)], [false, true]);
  assertEquals(usual.isSlow(4096, 99), false);
});
