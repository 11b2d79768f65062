// Mutated file systems and partition tables: what is used of them is found out without a crash, a loop, or more reads,
// memory and ranges than the limits allow.

import { assert } from "@std/assert";
import { diskUse, useSentence } from "../../src/filesystems/disk_use.ts";
import { MAX_PIECE_BYTES, ReadBudget } from "../../src/filesystems/part_reader.ts";
import { Random, seedOfRun } from "../conformance/mutation.ts";
import { liveHeap } from "../harness/live_heap.ts";
import { baseFileSystems } from "../harness/base_file_systems.ts";
import { inFolder } from "../harness/temporary_folder.ts";
import { mutateInPlace } from "./byte_mutations.ts";
import { checkPrintable, countOf } from "./fuzz_counts.ts";

/** For each kind of file system. */
const COUNT = countOf(60, 10_000);
/** What may be asked of one. The real limits are higher; these are more than a whole one of this size needs. */
const LIMITS = { reads: 20_000, bytes: 2 ** 28, failures: 200 };
const MOST_GROWTH_BYTES = 16 * 2 ** 20;

Deno.test("mutated file systems are looked into without harm", async () => {
  await inFolder(async (folder) => {
    const seed = seedOfRun();
    console.log(`BLKCACHE_SEED=${seed}`);
    const random = new Random(seed);
    for (const { name, bytes, places } of await baseFileSystems(folder, random)) {
      const before = liveHeap();
      const outcomes = new Map<string, number>();
      for (let index = 0; index < COUNT; index++) {
        try {
          const outcome = look(random, bytes, places);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        } catch (error) {
          throw new Error(`${name} ${index} of BLKCACHE_SEED=${seed}`, { cause: error });
        }
      }
      const growth = liveHeap() - before;
      assert(growth < MOST_GROWTH_BYTES, `the heap has grown by ${growth} bytes`);
      console.log(name, COUNT, JSON.stringify(Object.fromEntries(outcomes)));
    }
  });
});

/** Mutates a copy and looks at it. @returns what came of it. */
function look(random: Random, base: Uint8Array, places: readonly number[]): string {
  const changes = new Map<number, Uint8Array>();
  // Only the pages that are changed are copied.
  for (let count = 1 + random.below(6); count > 0; count--) {
    const place = random.pick(places);
    const start = place - place % 4096;
    const page = changes.get(start) ?? base.slice(start, start + 4096);
    mutateInPlace(random, page, [place - start]);
    changes.set(start, page);
  }
  const bad = random.below(3) === 0 ? random.pick(places) : -1;
  let reads = 0;
  const read = (offset: number, length: number) => {
    assert(
      length > 0 && length <= MAX_PIECE_BYTES && offset >= 0,
      `read of ${length} at ${offset}`,
    );
    assert(offset + length <= base.length, `read behind the end, at ${offset}`);
    assert(++reads <= LIMITS.reads, `${reads} reads`);
    if (offset <= bad && bad < offset + length) return undefined;
    const bytes = base.slice(offset, offset + length);
    for (const [start, page] of changes) {
      const from = Math.max(start, offset);
      const end = Math.min(start + page.length, offset + length);
      if (from < end) bytes.set(page.subarray(from - start, end - start), from - offset);
    }
    return bytes;
  };
  const use = diskUse(read, base.length, 512, new ReadBudget(LIMITS));
  for (const part of use.parts) {
    checkPrintable(useSentence(part));
    assert(part.used >= 0 && part.used <= part.size, `${part.used} of ${part.size} used`);
  }
  let last = 0;
  for (const list of [use.structures, use.data, use.doubtful]) {
    last = 0;
    for (const { start, end } of list) {
      assert(Number.isSafeInteger(start) && Number.isSafeInteger(end), `${start} to ${end}`);
      assert(start >= last && start < end && end <= base.length, `${start} to ${end}`);
      last = end;
    }
  }
  const part = use.parts[0];
  if (part === undefined) return "nothing";
  return part.remark === null ? "all is well" : part.used === part.size ? "whole" : "in part";
}
