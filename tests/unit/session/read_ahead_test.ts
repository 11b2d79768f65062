import { assert, assertEquals } from "@std/assert";
import { ReadAhead } from "../../../src/session/read_ahead.ts";
import { Random } from "../../model/map_random.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** Advice for a read: [start, end), or undefined. */
function adviceFor(ahead: ReadAhead, offset: number, length: number): [number, number] | undefined {
  const advised = ahead.note(offset, length);
  return advised === 0 ? undefined : [ahead.start, ahead.start + advised];
}

for (const length of [512, 4 * KIB, 64 * KIB, 128 * KIB, MIB, 8 * MIB]) {
  Deno.test(`reading on in pieces of ${length} bytes: advice covers what comes, once, and grows`, () => {
    const size = 256 * MIB;
    const ahead = new ReadAhead(size, MIB);
    let advisedTo = 0;
    let advices = 0;
    const total = Math.min(size, 400 * length);
    for (let offset = 0; offset + length <= total; offset += length) {
      const end = offset + length;
      const advice = adviceFor(ahead, offset, length);
      if (advice !== undefined) {
        advices++;
        const [start, adviceEnd] = advice;
        assert(start >= end, "what is being read is not advised");
        assert(start >= advisedTo, "nothing is advised twice");
        assert(start <= Math.max(end, advisedTo), "nothing is left out");
        assert(adviceEnd <= end + MIB, "no more than the limit");
        advisedTo = adviceEnd;
      }
      if (offset >= 2 * length && length < MIB) {
        assert(advisedTo >= Math.min(size, end), `nothing is advised behind ${end}`);
      }
    }
    assert(advices > 0);
    // In steps, not with each read.
    if (length <= 4 * KIB) assert(advices <= total / (64 * KIB) + 3, `${advices} times`);
  });
}

Deno.test("the first read brings none, the second does, and the window doubles up to the limit", () => {
  const ahead = new ReadAhead(GIB, MIB);
  const windows: number[] = [];
  for (let offset = 0; offset < 16 * MIB; offset += 256 * KIB) {
    const advice = adviceFor(ahead, offset, 256 * KIB);
    windows.push(advice === undefined ? 0 : (advice[1] - offset - 256 * KIB) / KIB);
  }
  assertEquals(windows.slice(0, 5), [0, 128, 256, 512, 1024]);
  assertEquals(Math.max(...windows), 1024);
});

Deno.test("up to four streams at a time are followed", () => {
  const ahead = new ReadAhead(8 * GIB, MIB);
  const advised = [0, 0, 0, 0];
  for (let step = 0; step < 100; step++) {
    for (let stream = 0; stream < 4; stream++) {
      const advice = adviceFor(ahead, stream * GIB + step * 64 * KIB, 64 * KIB);
      if (advice === undefined) continue;
      assert(advice[0] >= stream * GIB && advice[1] <= (stream + 1) * GIB, "mixed up");
      advised[stream] += advice[1] - advice[0];
    }
  }
  for (const bytes of advised) assert(bytes >= 100 * 64 * KIB - 128 * KIB, `${bytes}`);
});

Deno.test("reads of several connections that arrive a little out of order are one stream", () => {
  const ahead = new ReadAhead(GIB, MIB);
  let advisedTo = 0;
  for (let piece = 0; piece < 64; piece += 4) {
    for (const index of [1, 0, 3, 2]) {
      const advice = adviceFor(ahead, (piece + index) * 64 * KIB, 64 * KIB);
      advisedTo = Math.max(advisedTo, advice?.[1] ?? 0);
    }
    if (piece > 0) assert(advisedTo > (piece + 4) * 64 * KIB);
  }
});

Deno.test("random reads bring no advice", () => {
  const random = new Random(1);
  const ahead = new ReadAhead(1000 * GIB, MIB);
  for (let count = 0; count < 10_000; count++) {
    const offset = random.below(1000 * GIB / 4096) * 4096;
    assertEquals(ahead.note(offset, 4096), 0);
  }
});

Deno.test("the same place again and again, and reading backwards, bring none", () => {
  const ahead = new ReadAhead(GIB, MIB);
  for (let count = 0; count < 10; count++) assertEquals(ahead.note(4096, 4096), 0);
  for (let offset = 512 * MIB; offset > 500 * MIB; offset -= 64 * KIB) {
    assertEquals(ahead.note(offset, 64 * KIB), 0);
  }
});

Deno.test("advice ends at the end of the device", () => {
  for (const size of [MIB, MIB + 1, MIB + 512, 3 * MIB - 100]) {
    const ahead = new ReadAhead(size, MIB);
    let last = 0;
    for (let offset = 0; offset < size; offset += 64 * KIB) {
      const advice = adviceFor(ahead, offset, Math.min(64 * KIB, size - offset));
      if (advice !== undefined) last = advice[1];
      assert(last <= size);
    }
    assertEquals(last, size);
  }
});

Deno.test("a limit of 0 switches it off, and a small one is kept", () => {
  const none = new ReadAhead(GIB, 0);
  const little = new ReadAhead(GIB, 4096);
  for (let offset = 0; offset < MIB; offset += 4096) {
    assertEquals(none.note(offset, 4096), 0);
    const advice = adviceFor(little, offset, 4096);
    if (advice !== undefined) assert(advice[1] <= offset + 8192);
  }
});

Deno.test("another client begins anew", () => {
  const ahead = new ReadAhead(GIB, MIB);
  ahead.note(0, 64 * KIB);
  assert(ahead.note(64 * KIB, 64 * KIB) > 0);
  ahead.reset();
  assertEquals(ahead.note(128 * KIB, 64 * KIB), 0);
});
