// What the phases of a fill have in common: each says what to read next, and is told what came of it.

/** One phase over the map. Its reads change the map (by whoever makes them) before it is told. */
export interface PhaseWork {
  /** The read that `next` has chosen: bytes, within one run of the map. */
  readonly offset: number;
  readonly length: number;
  /** Chooses the next read. @returns false when nothing is left to do in this phase. */
  next(): boolean;
  /** At least a sector from `offset` on has been read, `length` bytes in all. */
  succeeded(length: number): void;
  /** Nothing could be read: the range is `*` now, or `-` when it was a single sector. */
  failed(): void;
}
