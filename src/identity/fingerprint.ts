// The fingerprint of a medium, which its image is named after, and the SHA-1 (FIPS 180-4, 6.1) that it is made with.
// Images of earlier runs hold such fingerprints, and no security depends on them. SHA-1 is written out because importing
// node:crypto costs each thread 50 ms and 9 MB, and because crypto.subtle cannot be called synchronously. 64 KiB take
// 0.6 ms, the first time 6 ms.

const BLOCK_BYTES = 64;
const LENGTH_BYTES = 8;

/** The fingerprint covers this much of the start of a medium, bytes; less where the medium is smaller. */
export const FINGERPRINT_BYTES = 65_536;

/** The first 8 hex digits of the SHA-1 of `head`, the start of a medium. */
export function fingerprintOf(head: Uint8Array): string {
  return sha1(head).slice(0, 8);
}

/** SHA-1 of all the bytes (of a text: its UTF-8), 40 hex digits. */
export function sha1(content: Uint8Array | string): string {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  const schedule = new Uint32Array(80);
  const whole = bytes.length - bytes.length % BLOCK_BYTES;
  absorb(state, schedule, bytes.subarray(0, whole));
  absorb(state, schedule, lastBlocks(bytes.subarray(whole), bytes.length));
  return [...state].map((word) => word.toString(16).padStart(8, "0")).join("");
}

/** The rest of the message with its padding: a one bit, zeros, the length in bits. */
function lastBlocks(rest: Uint8Array, length: number): Uint8Array {
  const blocks = Math.ceil((rest.length + 1 + LENGTH_BYTES) / BLOCK_BYTES);
  const padded = new Uint8Array(blocks * BLOCK_BYTES);
  padded.set(rest);
  padded[rest.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - LENGTH_BYTES, BigInt(length) * 8n);
  return padded;
}

function absorb(state: Uint32Array, schedule: Uint32Array, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    for (let i = 0; i < 16; i++) schedule[i] = view.getUint32(start + 4 * i);
    for (let i = 16; i < 80; i++) {
      const word = schedule[i - 3]! ^ schedule[i - 8]! ^ schedule[i - 14]! ^ schedule[i - 16]!;
      schedule[i] = rotate(word, 1);
    }
    let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!, e = state[4]!;
    for (let i = 0; i < 80; i++) {
      let mixed: number;
      if (i < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
      else if (i < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
      else if (i < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else mixed = (b ^ c ^ d) + 0xca62c1d6;
      const next = (rotate(a, 5) + mixed + e + schedule[i]!) | 0;
      e = d;
      d = c;
      c = rotate(b, 30);
      b = a;
      a = next;
    }
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
    state[4]! += e;
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
