import { assertEquals, assertThrows } from "@std/assert";
import { assert, AssertionError } from "../../../src/base/assert.ts";
import { UserError } from "../../../src/base/errors.ts";

Deno.test("assert throws its message when the condition does not hold", () => {
  assert(1, "is not thrown");
  assertThrows(() => assert(0, "the map is sorted"), AssertionError, "the map is sorted");
});

Deno.test("UserError has no hints and exit code 1 unless told otherwise", () => {
  const plain = new UserError("no");
  assertEquals([plain.message, plain.hints, plain.exitCode, plain.cause], ["no", [], 1, undefined]);
  const cause = new Error("why");
  const full = new UserError("no", { hints: ["try yes"], exitCode: 2, cause });
  assertEquals([full.hints, full.exitCode, full.cause], [["try yes"], 2, cause]);
});
