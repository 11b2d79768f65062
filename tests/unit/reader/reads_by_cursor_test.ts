// The order of cursors against a plain list that is sorted anew each time.
import { assertEquals } from "@std/assert";
import { PendingRead } from "../../../src/reader/pending_read.ts";
import { ReadsByCursor } from "../../../src/reader/reads_by_cursor.ts";
import { chooseSeed, Random } from "../../model/map_random.ts";

const SLOTS = 40;
const PLACES = 25;

function readAt(slot: number, cursor: number): PendingRead {
  const read = new PendingRead(slot, 0);
  read.begin(slot, 0, cursor, cursor + 10, 0);
  return read;
}

Deno.test("reads by place: random reads come, move and go", () => {
  const random = new Random(chooseSeed());
  const reads = Array.from({ length: SLOTS }, (_, slot) => readAt(slot, 0));
  const index = new ReadsByCursor(reads);
  const present = new Set<PendingRead>();
  for (let step = 0; step < 20_000; step++) {
    const read = random.pick(reads);
    if (random.once(20)) {
      const start = random.below(PLACES);
      const end = start + random.below(PLACES);
      const out: PendingRead[] = [];
      index.takeOut(start, end, out);
      const expected = [...present].filter(({ cursor }) => cursor >= start && cursor < end);
      assertEquals(new Set(out), new Set(expected));
      for (const taken of out) present.delete(taken);
    } else if (present.has(read)) {
      index.remove(read);
      present.delete(read);
    } else {
      read.cursor = random.below(PLACES);
      index.add(read);
      present.add(read);
    }
    assertEquals(index.count, present.size);
    const cursors = [...present].map(({ cursor }) => cursor).sort((a, b) => a - b);
    assertEquals(cursors.map((_, place) => index.at(place).cursor), cursors);
    const offset = random.below(PLACES + 1);
    assertEquals(index.from(offset), cursors.filter((cursor) => cursor < offset).length);
  }
});
