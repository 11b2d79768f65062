// Reads of a partition, within limits that no content can move: where it ends, how many reads, how many bytes, how
// many failures. Pure: the bytes come from a function.
import type { ReadBytes } from "./volume.ts";

/** What looking at one device may cost at most. What lies behind a limit counts as unreadable. */
export interface ReadLimits {
  readonly reads: number;
  readonly bytes: number;
  /** Reads that failed: each may take a sick device seconds. */
  readonly failures: number;
}

/**
 * A disk of 20 TB needs some 10,000 reads and 700 MB for its bitmaps; a btrfs of 10 TB some 20,000 reads for its extent
 * tree. At the limit a hard disk has been busy for an hour.
 */
export const PLAN_LIMITS: ReadLimits = { reads: 250_000, bytes: 2 ** 31, failures: 500 };

/** The longest single read, bytes: all that is held in memory of a bitmap at a time. */
export const MAX_PIECE_BYTES = 2 ** 20;
/** A failed read of a table is repeated in pieces down to this size, bytes: a sector of most disks, and a page. */
const LEAST_PIECE_BYTES = 4096;
/** Into how many pieces at a time. */
const PIECES = 16;

/** What is left of the limits. One for a device. */
export class ReadBudget {
  #reads: number;
  #bytes: number;
  #failures: number;

  constructor({ reads, bytes, failures }: ReadLimits = PLAN_LIMITS) {
    this.#reads = reads;
    this.#bytes = bytes;
    this.#failures = failures;
  }

  /** True when nothing may be read any more. */
  get isSpent(): boolean {
    return this.#reads <= 0 || this.#bytes <= 0 || this.#failures <= 0;
  }

  /** @returns false when the read may not be made. */
  take(length: number): boolean {
    if (this.isSpent) return false;
    this.#reads--;
    this.#bytes -= length;
    return true;
  }

  noteFailure(): void {
    this.#failures--;
  }
}

/** Reads of a device, or of a partition of it. Offsets count from its start. */
export class PartReader {
  /** Bytes. Nothing is read behind it. */
  readonly size: number;
  readonly #read: ReadBytes;
  readonly #base: number;
  readonly #budget: ReadBudget;

  constructor(read: ReadBytes, size: number, budget: ReadBudget = new ReadBudget(), base = 0) {
    this.size = size;
    this.#read = read;
    this.#base = base;
    this.#budget = budget;
  }

  /** True when the limits are reached: what cannot be read now may be readable. */
  get isSpent(): boolean {
    return this.#budget.isSpent;
  }

  /** The partition at [start, start + size) of this one, cut where this one ends. */
  part(start: number, size: number): PartReader {
    const length = Math.max(0, Math.min(size, this.size - start));
    return new PartReader(this.#read, length, this.#budget, this.#base + start);
  }

  /**
   * Exactly `length` bytes, at most MAX_PIECE_BYTES.
   * @returns undefined when they lie outside, cannot be read, or a limit is reached.
   */
  bytes(offset: number, length: number): Uint8Array | undefined {
    const isInside = Number.isSafeInteger(offset) && offset >= 0 && offset + length <= this.size;
    if (!isInside || !(length > 0) || length > MAX_PIECE_BYTES) return undefined;
    if (!this.#budget.take(length)) return undefined;
    const bytes = this.#read(this.#base + offset, length);
    if (bytes !== undefined && bytes.length === length) return bytes;
    this.#budget.noteFailure();
    return undefined;
  }

  /** The same, to take numbers from. */
  view(offset: number, length: number): DataView | undefined {
    const bytes = this.bytes(offset, length);
    return bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /**
   * Reads a table of any length in long reads, and around what cannot be read of it.
   * @returns the pieces in order, without gaps; `bytes` is undefined where they cannot be read.
   */
  *pieces(offset: number, length: number, size = MAX_PIECE_BYTES): Generator<Piece> {
    for (let at = 0; at < length; at += size) {
      const count = Math.min(size, length - at);
      const bytes = this.bytes(offset + at, count);
      const smaller = Math.max(LEAST_PIECE_BYTES, size / PIECES);
      if (bytes === undefined && count > smaller && !this.isSpent && offset + at < this.size) {
        for (const piece of this.pieces(offset + at, count, smaller)) {
          yield { ...piece, at: piece.at + at };
        }
      } else yield { at, length: count, bytes };
    }
  }
}

/** A piece of a table: `at` counts from the table's start. */
export interface Piece {
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array | undefined;
}
