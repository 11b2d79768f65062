// What happens where no thread can be started stands in tests/faults/limits_test.ts: that takes a user of its own.
import { assert, assertEquals } from "@std/assert";
import { tryThreads } from "../../../src/sys/threads.ts";

/** Threads of this process. */
const threads = () => Array.from(Deno.readDirSync("/proc/self/task")).length;

Deno.test("threads that can be started leave nothing behind", () => {
  assertEquals([tryThreads(0), tryThreads(1), tryThreads(20)], [0, 0, 0]);
  const before = threads();
  for (let round = 0; round < 100; round++) assertEquals(tryThreads(3), 0);
  // Others of this process come and go.
  assert(threads() < before + 20, `${threads()} threads after ${before}`);
});
