// Notices that a client reads on and on, and says what it will want next. Session thread only: it sees hits
// and misses alike, which the reader does not. Plain arithmetic; no shared memory.

/** Streams that are followed at a time: a file copy, a directory walk beside it, and room. */
const STREAMS = 4;
/** First step beyond a request, once a client has read on; it doubles with each further read. */
const FIRST_WINDOW = 131_072;
/** A read that begins this far before or behind the expected offset still counts as reading on. */
const SLACK = 262_144;

/** Follows the reads of one client. */
export class ReadAhead {
  readonly #limit: number;
  readonly #maxWindow: number;
  readonly #expected = new Float64Array(STREAMS);
  readonly #window = new Float64Array(STREAMS);
  /** Where the last advice of a stream ended. */
  readonly #advisedTo = new Float64Array(STREAMS);
  readonly #lastUse = new Float64Array(STREAMS);
  #uses = 0;

  /** Start of the advice that `note` has just given. */
  start = 0;

  /**
   * @param limit nothing is advised from here on, a device offset.
   * @param maxWindow most that is advised beyond a read, bytes; 0: nothing ever.
   */
  constructor(limit: number, maxWindow: number) {
    this.#limit = limit;
    this.#maxWindow = maxWindow;
    this.reset();
  }

  /** Forgets all streams: another client. */
  reset(): void {
    this.#expected.fill(-Infinity);
    this.#lastUse.fill(0);
  }

  /** Takes note of a read. @returns bytes worth having from `start` on; 0: no advice. */
  note(offset: number, length: number): number {
    if (this.#maxWindow === 0) return 0;
    const end = offset + length;
    const stream = this.#streamOf(offset);
    this.#lastUse[stream] = ++this.#uses;
    if (Math.abs(offset - this.#expected[stream]) > SLACK) {
      this.#expected[stream] = end;
      this.#window[stream] = 0;
      this.#advisedTo[stream] = end;
      return 0;
    }
    if (end <= this.#expected[stream]) return 0;
    this.#expected[stream] = end;
    const window = Math.min(this.#maxWindow, Math.max(FIRST_WINDOW, this.#window[stream] * 2));
    this.#window[stream] = window;
    // Advice comes in steps of half a window, not with each read.
    if (this.#advisedTo[stream] - end > window / 2) return 0;
    this.start = Math.max(end, this.#advisedTo[stream]);
    const adviceEnd = Math.min(this.#limit, end + window);
    this.#advisedTo[stream] = adviceEnd;
    return Math.max(0, adviceEnd - this.start);
  }

  /** The stream that the read continues, else the one that was used least recently. */
  #streamOf(offset: number): number {
    let oldest = 0;
    for (let stream = 0; stream < STREAMS; stream++) {
      if (Math.abs(offset - this.#expected[stream]) <= SLACK) return stream;
      if (this.#lastUse[stream] < this.#lastUse[oldest]) oldest = stream;
    }
    return oldest;
  }
}
