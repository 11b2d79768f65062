import { assertEquals, assertRejects } from "@std/assert";
import { awaitStart, StartStopped } from "../../../src/server/await_start.ts";
import type { ServerEvent } from "../../../src/server/events.ts";
import { PlayedIntervals } from "../../harness/played_intervals.ts";
import { LaterClock } from "../reader/later_clock.ts";

const NEVER = new Promise<never>(() => {});

Deno.test("what has started is awaited, and its failure is passed on", async () => {
  assertEquals(await awaitStart("it", Promise.resolve(7), NEVER, () => {}), 7);
  assertEquals(await awaitStart("it", Promise.resolve(undefined), NEVER, () => {}), undefined);
  const failure = Promise.reject(new RangeError("no"));
  await assertRejects(() => awaitStart("it", failure, NEVER, () => {}), RangeError);
});

Deno.test("a start that takes long is said each second, and ends with the run only", async () => {
  const said: ServerEvent[] = [];
  const stop = Promise.withResolvers<void>();
  using timers = new PlayedIntervals();
  const started = awaitStart("the kernel", NEVER, stop.promise, (event) => void said.push(event));
  for (const second of [1, 2, 3, 4]) {
    using _later = new LaterClock(second * 1000);
    timers.tick();
  }
  const sentence = (seconds: number) => ({
    event: "waiting",
    what: "the kernel",
    seconds,
    message: `waiting for the kernel (${seconds} s); Ctrl-C ends`,
  });
  assertEquals(said as unknown[], [sentence(3), sentence(4)]);
  stop.resolve();
  await assertRejects(() => started, StartStopped);
  assertEquals(timers.count, 0);
});
