// Device bytes that the image cannot take at the moment, in memory: clients get them from here, and the image gets
// them when it takes writes again, so that the device need not be read twice. The newest are kept. Reader thread only.
import { copyMemory } from "../sys/fd.ts";
import { addressOf } from "../sys/memory.ts";

/** Most bytes held: some reads of each client's, and little beside the 96 MiB that a run takes at least. */
export const MOST_HELD = 16 * 1_048_576;

/** Device bytes [offset, offset + bytes.length). */
export interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Device bytes that the image cannot take at the moment. Clients get them from here, and the image
 * when it takes writes again. Pieces do not overlap.
 */
export class HeldBytes {
  /** The newest last. */
  #pieces: Piece[] = [];
  #total = 0;
  readonly #most: number;

  constructor(most = MOST_HELD) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Bytes held. */
  get total(): number {
    return this.#total;
  }

  /** Keeps device bytes [offset, offset + length) that lie at `address`; older ones make room, or are replaced. */
  put(address: number, offset: number, length: number): void {
    this.drop(offset, offset + length);
    if (length > this.#most) return;
    const bytes = new Uint8Array(length);
    copyMemory(addressOf(bytes), address, length);
    this.#pieces.push({ offset, bytes });
    this.#total += length;
    let oldest = 0;
    while (this.#total > this.#most) this.#total -= this.#pieces[oldest++]!.bytes.length;
    if (oldest > 0) this.#pieces.splice(0, oldest);
  }

  /** Copies what is held from `offset` on, at most `length` bytes. @returns bytes; 0: the first is not held. */
  copyTo(address: number, offset: number, length: number): number {
    let done = 0;
    while (done < length) {
      const at = offset + done;
      const piece = this.#pieces.find((piece) => covers(piece, at));
      if (piece === undefined) break;
      const from = at - piece.offset;
      const count = Math.min(length - done, piece.bytes.length - from);
      copyMemory(address + done, addressOf(piece.bytes) + from, count);
      done += count;
    }
    return done;
  }

  /** Cuts [start, end) short where held bytes begin; those at `start` do not count. */
  endBefore(start: number, end: number): number {
    for (const { offset } of this.#pieces) if (offset > start && offset < end) end = offset;
    return end;
  }

  /** The piece that has been held longest; undefined: none is held. */
  oldest(): Piece | undefined {
    return this.#pieces[0];
  }

  /** The image has [start, end) now, or it is no longer what the device has there. */
  drop(start: number, end: number): void {
    if (!this.#pieces.some((piece) => overlaps(piece, start, end))) return;
    this.#pieces = this.#pieces.flatMap((piece) => {
      if (!overlaps(piece, start, end)) return [piece];
      const { offset, bytes } = piece;
      const pieceEnd = offset + bytes.length;
      const rest: Piece[] = [];
      if (offset < start) rest.push({ offset, bytes: bytes.slice(0, start - offset) });
      if (pieceEnd > end) rest.push({ offset: end, bytes: bytes.slice(end - offset) });
      return rest;
    });
    this.#total = this.#pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}

function covers({ offset, bytes }: Piece, at: number): boolean {
  return offset <= at && at < offset + bytes.length;
}

function overlaps({ offset, bytes }: Piece, start: number, end: number): boolean {
  return offset < end && start < offset + bytes.length;
}
