// A sentence that one thread changes and others read now and then. Two places, of which one is valid at a
// time, so that a reader that is not overtaken twice sees one sentence or the other.

const MAX_BYTES = 1024;
const HEADER_BYTES = 4;
const PLACE_BYTES = 4 + MAX_BYTES;

/** See the head of this file. Every thread makes its own over the same buffer. */
export class SharedText {
  readonly buffer: SharedArrayBuffer;
  /** Counts the changes; the lowest bit is the valid place. */
  readonly #changes: Int32Array;

  /** Without a buffer: makes a new one, which holds the empty text. */
  constructor(buffer = new SharedArrayBuffer(HEADER_BYTES + 2 * PLACE_BYTES)) {
    this.buffer = buffer;
    this.#changes = new Int32Array(buffer, 0, 1);
  }

  /** The thread that owns it. What does not fit is cut. */
  set(text: string): void {
    const changes = Atomics.load(this.#changes, 0) + 1;
    // encodeInto takes no shared memory.
    const bytes = new TextEncoder().encode(text).subarray(0, MAX_BYTES);
    const place = this.#place(changes);
    place.setUint32(0, bytes.length);
    bytes.forEach((byte, index) => place.setUint8(4 + index, byte));
    // Publishes the bytes; pairs with the loads in `get`.
    Atomics.store(this.#changes, 0, changes);
  }

  /** Any thread. */
  get(): string {
    for (;;) {
      const changes = Atomics.load(this.#changes, 0);
      const place = this.#place(changes);
      const length = Math.min(place.getUint32(0), MAX_BYTES);
      const bytes = Uint8Array.from({ length }, (_, index) => place.getUint8(4 + index));
      if (Atomics.load(this.#changes, 0) - changes < 1) return new TextDecoder().decode(bytes);
    }
  }

  #place(changes: number): DataView {
    return new DataView(this.buffer, HEADER_BYTES + (changes & 1) * PLACE_BYTES, PLACE_BYTES);
  }
}
