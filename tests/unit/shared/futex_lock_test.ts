import { assertEquals, assertThrows } from "@std/assert";
import { FutexLock } from "../../../src/shared/futex_lock.ts";

const THREADS = 4;
const TURNS = 20_000;

Deno.test("nobody else is in while one holds the lock, and nobody waits for ever", async () => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const workers = Array.from(
    { length: THREADS },
    () => new Worker(new URL("futex_lock_worker.ts", import.meta.url), { type: "module" }),
  );
  const ended = workers.map((worker) => new Promise((resolve) => worker.onmessage = resolve));
  for (const worker of workers) worker.postMessage({ words: words.buffer, turns: TURNS });
  await Promise.all(ended);
  for (const worker of workers) worker.terminate();
  // Added to without Atomics: lost turns would show.
  assertEquals([...words], [0, THREADS * TURNS]);
});

Deno.test("work that throws lets go", () => {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const lock = new FutexLock(words, 0);
  assertThrows(() =>
    lock.hold(() => {
      throw new RangeError("as it happens");
    }), RangeError);
  assertEquals(lock.hold(() => "held"), "held");
});
