import { assertEquals } from "@std/assert";
import { MAX_PIECE_BYTES, PartReader, ReadBudget } from "../../../src/filesystems/part_reader.ts";

const KIB = 1024;

/** A device of `size` bytes that notes what it is asked for. */
function device(size: number, bad: readonly number[] = []) {
  const asked: [number, number][] = [];
  const read = (offset: number, length: number) => {
    asked.push([offset, length]);
    if (bad.some((at) => offset <= at && at < offset + length)) return undefined;
    return new Uint8Array(Math.max(0, Math.min(length, size - offset)));
  };
  return { read, asked };
}

Deno.test("nothing outside a partition is asked for, however wrong the numbers are", () => {
  const { read, asked } = device(MAX_PIECE_BYTES * 4);
  const part = new PartReader(read, MAX_PIECE_BYTES * 4).part(KIB, 2 * KIB);
  for (const offset of [-1, 0.5, NaN, Infinity, 2 ** 53, 2 * KIB, 2 * KIB - 1]) {
    assertEquals(part.bytes(offset, 2), undefined);
  }
  for (const length of [0, -1, NaN, Infinity, 2 * KIB + 1]) {
    assertEquals(part.bytes(0, length), undefined);
  }
  assertEquals(new PartReader(read, 2 ** 40).bytes(0, MAX_PIECE_BYTES + 1), undefined);
  assertEquals(asked, []);
  assertEquals(part.bytes(KIB, KIB)?.length, KIB);
  assertEquals(asked, [[2 * KIB, KIB]]);
  assertEquals(part.part(KIB, 2 ** 40).size, KIB);
  assertEquals(part.part(3 * KIB, KIB).size, 0);
});

Deno.test("what the device cuts short counts as unreadable", () => {
  const { read } = device(KIB);
  assertEquals(new PartReader(read, 2 * KIB).bytes(0, 2 * KIB), undefined);
});

Deno.test("each limit ends all reads", () => {
  const limits = { reads: 10, bytes: 10 * KIB, failures: 10 };
  for (
    const [limit, length, expected] of [
      [{ reads: 3 }, 1, 3],
      [{ bytes: 3 * KIB }, KIB, 3],
      [{ failures: 2 }, 3 * KIB, 2],
    ] as const
  ) {
    const { read, asked } = device(2 * KIB);
    const reader = new PartReader(read, 2 ** 30, new ReadBudget({ ...limits, ...limit }));
    for (let count = 0; count < 20; count++) reader.part(0, 2 ** 20).bytes(0, length);
    assertEquals(asked.length, expected);
    assertEquals(reader.isSpent, true);
  }
});

Deno.test("a table is read around what cannot be read of it, in order and without gaps", () => {
  const size = 3 * MAX_PIECE_BYTES;
  const { read } = device(size, [MAX_PIECE_BYTES + 70 * KIB]);
  const length = 2 * MAX_PIECE_BYTES + 100;
  let next = 0;
  const lost: number[][] = [];
  for (const piece of new PartReader(read, size).pieces(0, length)) {
    assertEquals(piece.at, next);
    next += piece.length;
    if (piece.bytes === undefined) lost.push([piece.at, piece.length]);
    else assertEquals(piece.bytes.length, piece.length);
  }
  assertEquals(next, length);
  assertEquals(lost, [[MAX_PIECE_BYTES + 68 * KIB, 4 * KIB]]);
});
