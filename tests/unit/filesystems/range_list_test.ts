import { assert, assertEquals } from "@std/assert";
import { RangeList } from "../../../src/filesystems/range_list.ts";
import { Random, seedOfRun } from "../../conformance/mutation.ts";

const SPACE = 200;

function pairs(list: Iterable<{ start: number; end: number }>): number[][] {
  return [...list].map(({ start, end }) => [start, end]);
}

/** The same as one flag a place. */
function flags(list: RangeList): boolean[] {
  const found = new Array<boolean>(SPACE).fill(false);
  for (const { start, end } of list) found.fill(true, start, end);
  return found;
}

Deno.test("ranges that touch or overlap are one, in whatever order they come", () => {
  const list = new RangeList();
  for (const [start, end] of [[10, 20], [20, 30], [5, 5], [0, 4], [28, 40], [4, 6]]) {
    list.add(start!, end!);
  }
  assertEquals(pairs(list), [[0, 6], [10, 40]]);
  assertEquals([list.count, list.bytes], [2, 36]);
});

Deno.test("random lists are added, taken away and asked as sets of places", () => {
  const seed = seedOfRun();
  console.log(`BLKCACHE_SEED=${seed}`);
  const random = new Random(seed);
  const randomList = () => {
    const list = new RangeList();
    for (let count = random.below(20); count > 0; count--) {
      const start = random.below(SPACE);
      list.add(start, Math.min(SPACE, start + random.below(12)));
    }
    return list;
  };
  for (let turn = 0; turn < 500; turn++) {
    const [one, other] = [randomList(), randomList()];
    const [inOne, inOther] = [flags(one), flags(other)];
    assertEquals(flags(one.without(other)), inOne.map((isIn, at) => isIn && !inOther[at]));
    const start = random.below(SPACE - 10);
    const end = start + 1 + random.below(8);
    assertEquals(one.covers(start, end), inOne.slice(start, end).every(Boolean));
    const both = RangeList.of(...one);
    both.addAll(other);
    assertEquals(flags(both), inOne.map((isIn, at) => isIn || inOther[at]!));
  }
});

Deno.test("a list that becomes too long closes its smallest gaps and loses nothing", () => {
  const list = new RangeList(100);
  const step = 4096;
  // Every second gap is wide.
  for (let index = 0; index < 5000; index++) {
    const start = (index + Math.floor(index / 2) * 100) * 2 * step;
    list.add(start, start + step);
  }
  assert(list.count <= 100, String(list.count));
  for (let index = 0; index < 5000; index++) {
    const start = (index + Math.floor(index / 2) * 100) * 2 * step;
    assert(list.covers(start, start + step));
  }
});
