import { assertEquals } from "@std/assert";
import { EXIT_DONE, EXIT_FAILURE, exitMeaning } from "../../../src/base/exit_codes.ts";
import {
  exitCodeOf,
  MediaCodes,
  type RunEnd,
  type RunEndReason,
} from "../../../src/server/run_end.ts";

/** Every reason: the code with --exit-when-complete, and without it, while something is missing. */
const INCOMPLETE: Readonly<
  Record<RunEndReason, readonly [mustComplete: number, otherwise: number]>
> = {
  "SIGINT": [130, 0],
  "SIGTERM": [143, 0],
  "SIGHUP": [129, 0],
  "time is over": [6, 6],
  "unmounted": [130, 0],
  "medium gone": [4, 0],
  "not answering": [4, 4],
  "no room": [5, 5],
  "complete": [3, 3],
  "too many errors": [6, 6],
  "too many errors per second": [6, 6],
  "map full": [1, 1],
  "reads are refused": [1, 1],
  "reader failed": [1, 1],
};
const REASONS = Object.keys(INCOMPLETE) as RunEndReason[];

function end(reason: RunEndReason, change: Partial<RunEnd> = {}): RunEnd {
  return {
    reason,
    mustComplete: true,
    isComplete: false,
    isSaved: true,
    isImageDamaged: false,
    ...change,
  };
}

Deno.test("each reason has its code while something is missing", () => {
  for (const reason of REASONS) {
    const [mustComplete, otherwise] = INCOMPLETE[reason];
    assertEquals(exitCodeOf(end(reason)), mustComplete, reason);
    assertEquals(exitCodeOf(end(reason, { mustComplete: false })), otherwise, reason);
  }
});

Deno.test("what is complete is 0, however the run was ended, unless blkcache itself failed", () => {
  for (const reason of REASONS) {
    const expected = reason === "reader failed" ? 1 : 0;
    for (const mustComplete of [true, false]) {
      assertEquals(exitCodeOf(end(reason, { mustComplete, isComplete: true })), expected, reason);
    }
  }
});

Deno.test("what could not be saved is a failure, whatever else is true", () => {
  for (const reason of REASONS) {
    for (const mustComplete of [true, false]) {
      for (const isComplete of [true, false]) {
        const change = { mustComplete, isComplete, isSaved: false };
        assertEquals(exitCodeOf(end(reason, change)), EXIT_FAILURE, reason);
      }
    }
  }
});

Deno.test("an image that has lost bytes is never complete", () => {
  for (const reason of REASONS) {
    const change = { isComplete: true, isImageDamaged: true };
    assertEquals(exitCodeOf(end(reason, change)), EXIT_FAILURE, reason);
  }
  // Whoever only served from it has been warned, and was promised nothing.
  assertEquals(exitCodeOf(end("SIGTERM", { mustComplete: false, isImageDamaged: true })), 0);
});

Deno.test("with --exit-when-complete, code 0 means that nothing is missing: every combination", () => {
  for (const reason of REASONS) {
    for (const isComplete of [true, false]) {
      for (const isSaved of [true, false]) {
        for (const isImageDamaged of [true, false]) {
          const how = { isComplete, isSaved, isImageDamaged };
          const code = exitCodeOf(end(reason, how));
          if (code === EXIT_DONE) {
            assertEquals(how, { isComplete: true, isSaved: true, isImageDamaged: false }, reason);
          }
          assertEquals(exitMeaning(code) !== "unknown", true, `${reason}: ${code}`);
        }
      }
    }
  }
});

Deno.test("a success does not hide what an earlier medium lacks", () => {
  const codes = new MediaCodes();
  assertEquals(codes.atEnd(0), 0);
  codes.left("first.img", 4);
  codes.left("second.img", 0);
  assertEquals(codes.atEnd(0), 4);
  assertEquals(codes.atEnd(130), 130);
  // The first one has come back and was completed.
  codes.left("first.img", 0);
  assertEquals(codes.atEnd(0), 0);
});
