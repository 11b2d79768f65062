import { assert, assertEquals } from "@std/assert";
import { HeldBytes } from "../../../src/reader/held_bytes.ts";
import { NativeMemory } from "../../../src/sys/memory.ts";
import { assertSameBytes, noise } from "../../harness/test_folder.ts";
import { chooseSeed, Random } from "../../model/map_random.ts";

const SIZE = 10_000;

/** Held bytes over a device of noise, and memory to copy to and from. */
function withHeld(most: number, test: (held: HeldBytes, memory: NativeMemory) => void): void {
  const memory = NativeMemory.allocate(SIZE);
  try {
    test(new HeldBytes(most), memory);
  } finally {
    memory.release();
  }
}

Deno.test("the newest bytes are kept, and never more than the limit", () =>
  withHeld(1000, (held, memory) => {
    for (let at = 0; at < 3000; at += 300) {
      memory.bytes.fill(at / 300);
      held.put(memory.address, at, 300);
      assert(held.total <= 1000);
    }
    assertEquals(held.total, 900);
    assertEquals(held.copyTo(memory.address, 0, 300), 0);
    assertEquals(held.copyTo(memory.address, 2100, SIZE), 900);
    assertEquals([memory.bytes[0], memory.bytes[300], memory.bytes[899]], [7, 8, 9]);
    assertEquals(held.oldest()?.offset, 2100);
    // One that exceeds the limit alone is not kept, and what it replaces is no longer true.
    held.put(memory.address, 2000, 1001);
    assertEquals([held.total, held.isEmpty], [0, true]);
  }));

Deno.test("a read is cut short where held bytes begin", () =>
  withHeld(1000, (held, memory) => {
    held.put(memory.address, 500, 100);
    held.put(memory.address, 300, 100);
    assertEquals(held.endBefore(0, 1000), 300);
    assertEquals(held.endBefore(300, 1000), 500);
    assertEquals(held.endBefore(600, 1000), 1000);
    assertEquals(held.endBefore(0, 200), 200);
  }));

Deno.test("random puts and drops: what is held is what was put last", () => {
  const seed = chooseSeed();
  withHeld(SIZE, (held, memory) => {
    const random = new Random(seed);
    const expected: (number | undefined)[] = new Array(SIZE).fill(undefined);
    for (let step = 0; step < 2000; step++) {
      const offset = random.below(SIZE);
      const length = 1 + random.below(Math.min(SIZE - offset, 500));
      if (random.once(3)) {
        held.drop(offset, offset + length);
        expected.fill(undefined, offset, offset + length);
        continue;
      }
      const bytes = noise(length, step);
      memory.bytes.set(bytes);
      held.put(memory.address, offset, length);
      bytes.forEach((byte, index) => expected[offset + index] = byte);
      const at = random.below(SIZE);
      const end = expected.indexOf(undefined, at);
      const count = held.copyTo(memory.address, at, SIZE - at);
      assertEquals(count, (end < 0 ? SIZE : end) - at, `step ${step}`);
      const copied = Uint8Array.from(expected.slice(at, at + count) as number[]);
      assertSameBytes(memory.bytes.slice(0, count), copied, `step ${step}`);
    }
    assertEquals(held.total, expected.filter((byte) => byte !== undefined).length);
    for (let piece = held.oldest(); piece !== undefined; piece = held.oldest()) {
      held.drop(piece.offset, piece.offset + piece.bytes.length);
    }
    assertEquals([held.total, held.isEmpty], [0, true]);
  });
});
