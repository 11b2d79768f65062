// Tokens of requests that wait: taken, abandoned, released, overdue.
import { assertEquals, assertThrows } from "@std/assert";
import { WaitingTokens } from "../../../src/base/waiting_tokens.ts";

Deno.test("each token is taken once, until it is released", () => {
  const tokens = new WaitingTokens(3);
  assertEquals([tokens.take(1), tokens.take(1), tokens.take(1)].sort(), [0, 1, 2]);
  assertEquals([tokens.full, tokens.waiting], [true, 3]);
  assertThrows(() => tokens.take(1));
  assertEquals(tokens.release(1), true);
  assertThrows(() => tokens.release(1));
  assertEquals([tokens.take(1), tokens.full], [1, true]);
});

Deno.test("an abandoned token stays taken, and nobody is told of its end", () => {
  const tokens = new WaitingTokens(1);
  const token = tokens.take(5);
  tokens.abandon(token);
  assertThrows(() => tokens.abandon(token));
  assertEquals([tokens.full, tokens.waiting, tokens.any(), tokens.isWaiting(token)], [
    ...[true, 0, -1, false],
  ]);
  assertEquals([tokens.overdue(100), tokens.nextDeadline], [-1, Infinity]);
  assertEquals([tokens.release(token), tokens.full], [false, false]);
});

Deno.test("what is overdue is found, in any order of deadlines", () => {
  const tokens = new WaitingTokens(4);
  const [late, early, never] = [tokens.take(30), tokens.take(10), tokens.take(Infinity)];
  assertEquals([tokens.nextDeadline, tokens.overdue(9)], [10, -1]);
  assertEquals(tokens.overdue(10), early);
  tokens.abandon(early);
  assertEquals(tokens.overdue(29), -1);
  assertEquals([tokens.overdue(30), tokens.nextDeadline <= 30], [late, true]);
  tokens.abandon(late);
  assertEquals([tokens.overdue(1e9), tokens.any()], [-1, never]);
});
