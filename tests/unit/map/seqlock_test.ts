import { assertEquals, assertNotEquals } from "@std/assert";
import { PATIENCE, Seqlock } from "../../../src/map/seqlock.ts";
import { ReplacedWait } from "../../harness/replaced_wait.ts";

const SEQUENCE = 0;
const HOLD = 1;

function makeLock(): { lock: Seqlock; words: Int32Array<SharedArrayBuffer> } {
  const words = new Int32Array(new SharedArrayBuffer(8));
  return { lock: new Seqlock(words, SEQUENCE, HOLD), words };
}

Deno.test("a read without a write in between is kept", () => {
  const { lock } = makeLock();
  assertEquals(lock.endRead(lock.beginRead(0), 0), true);
});

Deno.test("a read is not kept when a write began, ended or both meanwhile", () => {
  const { lock } = makeLock();
  const before = lock.beginRead(0);
  lock.beginWrite();
  assertEquals(lock.endRead(before, 0), false);
  lock.endWrite();
  assertEquals(lock.endRead(before, 0), false);
  assertEquals(lock.endRead(lock.beginRead(1), 1), true);
});

Deno.test("a write leaves the sequence even and changes the version", () => {
  const { lock, words } = makeLock();
  const before = lock.version;
  lock.beginWrite();
  assertEquals(words[SEQUENCE] & 1, 1);
  lock.endWrite();
  assertEquals(words[SEQUENCE] & 1, 0);
  assertNotEquals(lock.version, before);
});

Deno.test("the sequence may wrap around", () => {
  const { lock, words } = makeLock();
  words[SEQUENCE] = 0x7ffffffe;
  const before = lock.beginRead(0);
  lock.beginWrite();
  lock.endWrite();
  assertEquals(words[SEQUENCE], -0x80000000);
  assertEquals(lock.endRead(before, 0), false);
  assertEquals(lock.endRead(lock.beginRead(0), 0), true);
});

Deno.test("a reader holds the writer only after it was disturbed often", () => {
  const { lock, words } = makeLock();
  for (const [attempt, held] of [[0, 0], [PATIENCE - 1, 0], [PATIENCE, 1], [PATIENCE + 5, 1]]) {
    const sequence = lock.beginRead(attempt);
    assertEquals(words[HOLD], held, `attempt ${attempt}`);
    lock.endRead(sequence, attempt);
    assertEquals(words[HOLD], 0, `after attempt ${attempt}`);
  }
});

Deno.test("a look begins only when the write under way has ended", () => {
  const { lock, words } = makeLock();
  lock.beginWrite();
  using waits = new ReplacedWait(() => lock.endWrite());
  const sequence = lock.beginRead(0);
  assertEquals(waits.calls.map(({ index, value }) => [index, value]), [[SEQUENCE, 1]]);
  assertEquals(sequence, words[SEQUENCE]);
  assertEquals(lock.endRead(sequence, 0), true);
});

Deno.test("the writer waits for a reader that holds it", () => {
  const { lock, words } = makeLock();
  const sequence = lock.beginRead(PATIENCE);
  let isKept = false;
  using waits = new ReplacedWait(() => void (isKept = lock.endRead(sequence, PATIENCE)));
  lock.beginWrite();
  assertEquals(waits.calls.map(({ index }) => index), [HOLD]);
  assertEquals([isKept, words[HOLD], words[SEQUENCE]], [true, 0, 1]);
});

Deno.test("the writer waits a bounded time for a reader that was ended, and then no more", () => {
  const { lock: writer, words } = makeLock();
  const reader = new Seqlock(words, SEQUENCE, HOLD);
  const ended = reader.beginRead(PATIENCE);
  using waits = new ReplacedWait();
  writer.beginWrite();
  writer.endWrite();
  const waited = waits.calls.reduce((sum, { timeoutMs = Infinity }) => sum + timeoutMs, 0);
  assertEquals(waited, 1000);
  // It is waited for once, not before each write.
  const { length } = waits.calls;
  writer.beginWrite();
  writer.endWrite();
  assertEquals(waits.calls.length, length);
  // It lives after all: it reads again, and holds nobody afterwards.
  assertEquals(reader.endRead(ended, PATIENCE), false);
  assertEquals(words[HOLD], 0);
});
