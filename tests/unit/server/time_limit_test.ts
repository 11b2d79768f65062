import { assertEquals } from "@std/assert";
import { TimeLimit } from "../../../src/server/time_limit.ts";
import { PlayedTimeouts } from "../../harness/played_timeouts.ts";

const HOUR_MS = 3_600_000;

Deno.test("the limit is reached once its hours are over, however long they are", () => {
  for (const hours of [0.5, 8, 2000]) {
    using timeouts = new PlayedTimeouts();
    let nowMs = 123;
    let over = 0;
    using _limit = new TimeLimit(hours, () => over++, () => nowMs);
    nowMs = 122 + hours * HOUR_MS;
    timeouts.runAll();
    assertEquals([over, timeouts.count], [0, 1]);
    nowMs++;
    timeouts.runAll();
    assertEquals([over, timeouts.count], [1, 0]);
  }
});

Deno.test("without a limit, and after the end of a run, there is no timer", () => {
  using timeouts = new PlayedTimeouts();
  using _none = new TimeLimit(undefined, () => {});
  assertEquals(timeouts.count, 0);
  {
    using _limit = new TimeLimit(1, () => {});
    assertEquals(timeouts.count, 1);
  }
  assertEquals(timeouts.count, 0);
});
