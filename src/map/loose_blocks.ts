// The blocks of a mapfile that a user has written by hand: in any order, with gaps, and overlapping where
// the status is the same, as ddrescue's --loose-domain takes them. Pure.

import { NON_TRIED, type Status, type StatusRange } from "./statuses.ts";

/** Blocks as they stand in the file. */
export class LooseBlocks {
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  readonly #statuses: Uint8Array;
  readonly #lines: Uint32Array;
  #count = 0;

  /** @param most blocks that there can be. */
  constructor(most: number) {
    this.#starts = new Float64Array(most);
    this.#ends = new Float64Array(most);
    this.#statuses = new Uint8Array(most);
    this.#lines = new Uint32Array(most);
  }

  /** @param line where it stands, for `inOrder`. */
  add(start: number, end: number, status: Status, line: number): void {
    const index = this.#count++;
    this.#starts[index] = start;
    this.#ends[index] = end;
    this.#statuses[index] = status;
    this.#lines[index] = line;
  }

  /**
   * Extents that ascend and touch, from the first block on; gaps are NON_TRIED.
   * @param refuse is called with the line of a block that overlaps one of another status.
   */
  *inOrder(refuse: (line: number) => never): Generator<StatusRange> {
    const starts = this.#starts;
    const order = Uint32Array.from({ length: this.#count }, (_, index) => index)
      .sort((one, other) => starts[one]! - starts[other]!);
    let extent: StatusRange | undefined;
    let line = 0;
    for (const index of order) {
      const start = starts[index]!;
      const end = this.#ends[index]!;
      const status = this.#statuses[index] as Status;
      // No device reaches beyond the largest safe integer.
      if (start === end) continue;
      if (extent === undefined || start >= extent.end) {
        if (extent !== undefined) yield extent;
        if (extent !== undefined && start > extent.end) {
          yield { start: extent.end, end: start, status: NON_TRIED };
        }
        extent = { start, end, status };
      } else if (extent.status === status) {
        extent = { start: extent.start, end: Math.max(extent.end, end), status };
      } else {
        refuse(Math.max(line, this.#lines[index]!));
      }
      line = this.#lines[index]!;
    }
    if (extent !== undefined) yield extent;
  }
}
