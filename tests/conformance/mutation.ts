// Seeded mutations of client dialogues. The same seed gives the same dialogues on every machine.

import {
  CLIENT_FLAGS,
  CMD,
  concat,
  extendedRequest,
  FLAG,
  infoPayload,
  metaPayload,
  OPT,
  option,
  request,
  text,
  u32,
} from "./wire.ts";

/** The seed of this run: BLKCACHE_SEED, else a new one. Print it with every failure. */
export function seedOfRun(): number {
  const given = Deno.env.get("BLKCACHE_SEED");
  return given === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(given) >>> 0;
}

/** Mulberry32: small, and good enough to choose mutations. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * limit);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

/** Values at which lengths, counts and offsets go wrong. */
const EDGES = [0, 1, 2, 3, 7, 28, 32, 255, 256, 512, 4096, 4097, 16384, 16385, 65535, 65536].concat(
  [
    2 ** 20 + 1,
    2 ** 25,
    2 ** 25 + 1,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
  ],
);

/** Valid dialogues that between them use everything there is. */
export const DIALOGUES: readonly Uint8Array[] = [
  concat(
    CLIENT_FLAGS,
    option(OPT.LIST),
    option(OPT.INFO, infoPayload("", [0, 1, 2, 3])),
    option(77, text("what")),
    option(OPT.GO, infoPayload("")),
    request({ type: CMD.READ, length: 4096 }),
    request({ type: CMD.WRITE, offset: 512, length: 64, payload: new Uint8Array(64) }),
    request({ type: CMD.READ, cookie: 2, offset: 1000, length: 9000 }),
    request({ type: CMD.FLUSH }),
    request({ type: CMD.TRIM, length: 512 }),
    request({ type: CMD.DISC }),
  ),
  concat(
    CLIENT_FLAGS,
    option(OPT.STRUCTURED_REPLY),
    option(OPT.LIST_META_CONTEXT, metaPayload("", ["base:", "x-blkcache:"])),
    option(OPT.SET_META_CONTEXT, metaPayload("", ["base:allocation", "x-blkcache:state"])),
    option(OPT.GO, infoPayload("", [3])),
    request({ type: CMD.BLOCK_STATUS, length: 32768 }),
    request({ type: CMD.BLOCK_STATUS, flags: FLAG.REQ_ONE, offset: 700, length: 5000 }),
    request({ type: CMD.READ, flags: FLAG.DF, cookie: 3, offset: 100, length: 3000 }),
    request({ type: CMD.READ, cookie: 4, length: 32768 }),
    request({ type: CMD.CACHE, length: 8192 }),
    request({ type: CMD.READ, cookie: 5, offset: 20_000, length: 512 }),
  ),
  concat(
    CLIENT_FLAGS,
    option(OPT.EXTENDED_HEADERS),
    option(OPT.SET_META_CONTEXT, metaPayload("", ["x-blkcache:state"])),
    option(OPT.GO, infoPayload("")),
    extendedRequest({ type: CMD.READ, length: 5000 }),
    extendedRequest({
      type: CMD.WRITE,
      flags: FLAG.PAYLOAD_LEN,
      length: 100,
      payload: new Uint8Array(100),
    }),
    extendedRequest({ type: CMD.BLOCK_STATUS, offset: 512, length: 30_000 }),
    extendedRequest({ type: CMD.READ, flags: FLAG.FUA, cookie: 9, offset: 8000, length: 8000 }),
    extendedRequest({ type: CMD.WRITE_ZEROES, length: 2 ** 40 }),
    extendedRequest({ type: CMD.DISC }),
  ),
  concat(
    u32(1),
    option(OPT.STARTTLS),
    option(OPT.EXPORT_NAME),
    request({ type: CMD.READ, length: 512 }),
    request({ type: CMD.DISC }),
  ),
  concat(CLIENT_FLAGS, option(OPT.LIST), option(OPT.ABORT)),
];

/** A dialogue with one to six things wrong. */
export function mutated(random: Random): Uint8Array {
  let bytes = random.pick(DIALOGUES);
  for (let count = 1 + random.below(6); count > 0; count--) bytes = mutatedOnce(random, bytes);
  return bytes;
}

/** The bytes in pieces, as a slow or a hasty client sends them. */
export function inPieces(random: Random, bytes: Uint8Array): Uint8Array[] {
  const longest = random.pick([1, 5, 40, 1000, 100_000]);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(longest);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

function mutatedOnce(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.below(40));
  switch (random.below(8)) {
    case 0: { // One bit, most often of a field near the front.
      const changed = bytes.slice();
      const index = random.below(bytes.length);
      if (index < changed.length) changed[index]! ^= 1 << random.below(8);
      return changed;
    }
    case 1: { // A number that is as large or small as it can be.
      const changed = bytes.slice();
      changed.set(u32(random.pick(EDGES)).subarray(0, Math.max(0, bytes.length - at)), at);
      return changed;
    }
    case 2: // Less.
      return concat(bytes.subarray(0, at), bytes.subarray(end));
    case 3: // The same again.
      return concat(bytes.subarray(0, end), bytes.subarray(at));
    case 4: // The end.
      return bytes.slice(0, at);
    case 5: // Something else in between.
      return concat(
        bytes.subarray(0, at),
        Uint8Array.from({ length: random.below(64) }, () => random.below(256)),
        bytes.subarray(at),
      );
    case 6: { // Another dialogue's rest.
      const other = random.pick(DIALOGUES);
      return concat(bytes.subarray(0, at), other.subarray(random.below(other.length)));
    }
    default: { // A byte in the first messages.
      const changed = bytes.slice();
      const index = random.below(Math.min(bytes.length, 64));
      if (index < changed.length) changed[index] = random.below(256);
      return changed;
    }
  }
}
