// When a thread looks for what it waits for before it goes to sleep.
import { assert, assertEquals } from "@std/assert";
import { Eagerness } from "../../../src/base/eagerness.ts";

const LOOKS = 10;
const PROCESSORS = 2;

/** Waits of which so many come at once, and what each of them cost in looks. */
function looksOf(eagerness: Eagerness, waits: number, comes: (wait: number) => boolean): number[] {
  return Array.from({ length: waits }, (_, wait) => {
    const looks = eagerness.looks();
    if (looks === 0) return 0;
    if (comes(wait)) eagerness.won();
    else eagerness.lost();
    return looks;
  });
}

Deno.test("it goes on looking while that pays", () => {
  const looks = looksOf(new Eagerness(LOOKS, PROCESSORS), 100, () => true);
  assertEquals(new Set(looks), new Set([LOOKS]));
});

Deno.test("it looks seldom while that never pays", () => {
  const looks = looksOf(new Eagerness(LOOKS, PROCESSORS), 1000, () => false);
  assert(looks.filter((count) => count > 0).length < 100, `${looks}`);
});

Deno.test("it looks again after a while, and goes on when that pays now", () => {
  const looks = looksOf(new Eagerness(LOOKS, PROCESSORS), 1000, (wait) => wait >= 500);
  assertEquals(new Set(looks.slice(900)), new Set([LOOKS]));
});

Deno.test("one failure among many successes does not stop it", () => {
  const looks = looksOf(new Eagerness(LOOKS, PROCESSORS), 1000, (wait) => wait % 10 !== 9);
  assertEquals(new Set(looks.slice(10)), new Set([LOOKS]));
});

Deno.test("it never looks where nobody else can act meanwhile", () => {
  const looks = looksOf(new Eagerness(LOOKS, 1), 100, () => true);
  assertEquals(new Set(looks), new Set([0]));
});
