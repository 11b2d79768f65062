// A folder of a test's own, and what is put into it.

import { Random } from "../model/map_random.ts";

/** A new temporary folder; declare it with `using`: it is removed with all that is in it. */
export class TestFolder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "blkcache-test-" });

  /** The path of `name` in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Makes a file of `size` bytes that do not repeat. @returns its path. */
  noise(name: string, size: number, seed = 1): string {
    Deno.writeFileSync(this.file(name), noise(size, seed));
    return this.file(name);
  }

  /** The names in it, and their sizes. */
  listing(): string[] {
    return Array.from(
      Deno.readDirSync(this.path),
      ({ name }) => `${name} ${Deno.lstatSync(this.file(name)).size}`,
    ).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Bytes that do not repeat, the same for the same seed. */
export function noise(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = new Random(seed);
  const words = new Uint32Array(Math.ceil(size / 4));
  // xorshift32, begun by the seed: some 200 MB/s.
  let state = random.below(2 ** 32 - 1) + 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** @throws unless both files hold the same bytes; says where they first differ. */
export function assertSameFile(path: string, expected: string): void {
  assertSameBytes(Deno.readFileSync(path), Deno.readFileSync(expected), `"${path}"`);
}

/** @throws unless both hold the same bytes; says where they first differ. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (actual.length !== expected.length) {
    throw new Error(`${what} has ${actual.length} bytes, not ${expected.length}`);
  }
  const at = firstDifference(actual, expected);
  if (at >= 0) {
    throw new Error(`${what} differs at ${at}: ${actual[at]}, not ${expected[at]}`);
  }
}

/** Offset of the first byte that differs, or -1. */
function firstDifference(actual: Uint8Array, expected: Uint8Array): number {
  const words = Math.floor(actual.length / 8);
  const one = new BigUint64Array(actual.buffer, actual.byteOffset, words);
  const other = new BigUint64Array(expected.buffer, expected.byteOffset, words);
  let word = 0;
  while (word < words && one[word] === other[word]) word++;
  for (let at = word * 8; at < actual.length; at++) if (actual[at] !== expected[at]) return at;
  return -1;
}

/** True when there is something at `path`. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
