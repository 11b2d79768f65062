// A request as the reader works on it. One object for each slot of the shared queue, used again and again.

/** What the reader knows of one request beyond what the shared slot says. */
export class PendingRead {
  readonly slot: number;
  /** Counts up from one request to the next. */
  arrival = 0;
  kind = 0;
  /** Whole sectors: bytes from the start of the device. */
  offset = 0;
  end = 0;
  /** Everything before it has been read or found unreadable for this request. */
  cursor = 0;
  /** Address of a bounce buffer, or 0. */
  bounce = 0;
  /** Some bytes were read but not kept in the image. */
  unkept = false;

  constructor(slot: number) {
    this.slot = slot;
  }

  /** Takes a new request over. */
  begin(arrival: number, kind: number, offset: number, end: number, bounce: number): void {
    this.arrival = arrival;
    this.kind = kind;
    this.offset = offset;
    this.end = end;
    this.cursor = offset;
    this.bounce = bounce;
    this.unkept = false;
  }

  overlaps(start: number, end: number): boolean {
    return this.offset < end && this.end > start;
  }

  /** Whether the first byte that it still needs lies in [start, end). */
  needs(start: number, end: number): boolean {
    return this.cursor < this.end && this.cursor >= start && this.cursor < end;
  }
}
