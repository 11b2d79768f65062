// Seeded mutations of bytes that are no dialogue: what stands on a disk, and files beside an image.

import type { Random } from "../conformance/mutation.ts";

/** Numbers at which sizes, counts and offsets go wrong. */
const EDGES = [0n, 1n, 2n, 255n, 256n, 511n, 512n, 2048n, 4096n, 65_535n, 65_536n].concat(
  [31n, 32n, 53n, 63n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits]),
  [2n ** 64n - 1n],
);
/** What terminals and parsers stumble over; also as a label on a disk. */
const TEXTS = [
  "\x1b[31mred\x1b]0;title\x07",
  "a\nb\r\nc\0d",
  "\u202egnp.exe\u2066",
  "\u061c\u200f\x9b31m",
  "\ud83d\ude00é\u0301",
  `${"../".repeat(3)}etc/passwd`,
  "'; rm -rf / #",
].map((text) => new TextEncoder().encode(text));

/** Overwrites something in `bytes`, most often near one of `places`. */
export function mutateInPlace(random: Random, bytes: Uint8Array, places: readonly number[]): void {
  const isNear = random.below(4) > 0;
  const from = isNear ? random.pick(places) + random.below(1024) : random.below(bytes.length);
  const at = Math.min(from, bytes.length - 8);
  if (at < 0) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = random.below(2) === 0;
  const edge = random.pick(EDGES);
  switch (random.below(7)) {
    case 0:
      bytes[at]! ^= 1 << random.below(8);
      return;
    case 1:
      bytes[at] = random.below(256);
      return;
    case 2:
      return view.setUint16(at, Number(edge & 0xffffn), isLittle);
    case 3:
      return view.setUint32(at, Number(edge & 0xffffffffn), isLittle);
    case 4:
      return view.setBigUint64(at, edge, isLittle);
    case 5:
      bytes.set(random.pick(TEXTS).subarray(0, bytes.length - at), at);
      return;
    default: { // The same as somewhere else.
      const source = Math.min(random.pick(places), bytes.length);
      bytes.copyWithin(at, source, source + random.below(600));
    }
  }
}

const PIECES = [
  ...["{", "}", "[", "]", ":", ",", '"', "\\", "\n", " ", "-", "+", "?", "#", "/", "*", "0x"],
  ...["null", "true", "-1", "1e999", "0.5", "9007199254740993", "0x7FFFFFFFFFFFFFFF", "\\u0000"],
  ...['"version": 2', '"size": -1', '"stretches": [{}]', "# blkcache: overlay={}", "\ufeff"],
].map((text) => new TextEncoder().encode(text));

/** A file with one to four things wrong; rarely very long or very deep. */
export function mutatedFile(random: Random, content: Uint8Array): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(content);
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + random.below(60));
    switch (random.below(8)) {
      case 0:
        if (at < bytes.length) bytes[at] = random.below(256);
        break;
      case 1:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(end));
        break;
      case 2:
        bytes = joined(bytes.subarray(0, end), bytes.subarray(at));
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4:
      case 5:
        bytes = joined(bytes.subarray(0, at), random.pick(PIECES), bytes.subarray(at));
        break;
      case 6:
        bytes = joined(bytes.subarray(0, at), random.pick(TEXTS), bytes.subarray(end));
        break;
      default: {
        const piece = random.pick(PIECES);
        const times = random.below(50) === 0 ? 100_000 : random.below(200);
        const long = new Uint8Array(piece.length * times);
        for (let index = 0; index < times; index++) long.set(piece, index * piece.length);
        bytes = joined(bytes.subarray(0, at), long, bytes.subarray(at));
      }
    }
  }
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
