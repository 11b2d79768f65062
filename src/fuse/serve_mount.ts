// One thread's part in serving a mounted file, from its first request to the unmounting.
//
// While reads are parked the thread goes on answering, with one eye on those that end. With none parked it
// blocks in the kernel's own queue of readers: a request then wakes one thread, not all.

import type { PendingRequests } from "../base/pending_requests.ts";
import { EIO } from "./constants.ts";
import type { Interrupts } from "./interrupts.ts";
import { type Kernel, Unmounted } from "./kernel.ts";
import { DATA_AT } from "./limits.ts";
import type { ParkedReads } from "./parked_reads.ts";
import { Replies } from "./replies.ts";
import { Requests } from "./requests.ts";
import type { MountOptions, ShownFile } from "./shown_file.ts";

/**
 * Serves until the file is unmounted or the thread is to leave. Blocks. Reads may be left parked then.
 *
 * Once the backend is ending, reads that cannot be answered with their bytes are not answered at all; they
 * fail when the threads have left and their lanes are closed, which is after the file has gone from its
 * directory. To an earlier error ddrescue would say that the sector is bad and ask for the next one, many
 * thousand times a second. It stops when its input file has gone.
 * @param interrupts this thread's view of what the threads of the mount share.
 */
export function serveMount(
  kernel: Kernel,
  file: ShownFile,
  parked: ParkedReads,
  interrupts: Interrupts,
  options: MountOptions,
): void {
  try {
    new MountSession(kernel, file, parked, interrupts, options).run();
  } catch (error) {
    if (!(error instanceof Unmounted)) throw error;
  }
}

class MountSession {
  readonly #kernel: Kernel;
  readonly #parked: ParkedReads;
  readonly #pending: PendingRequests;
  readonly #interrupts: Interrupts;
  readonly #replies: Replies;
  readonly #requests: Requests;
  readonly #timeoutMs: number;
  readonly #now: () => number;

  constructor(
    kernel: Kernel,
    file: ShownFile,
    parked: ParkedReads,
    interrupts: Interrupts,
    options: MountOptions,
  ) {
    const { timeoutMs, counters } = options;
    const now = options.now ?? (() => performance.now());
    const deadline = () => timeoutMs === 0 ? Infinity : now() + timeoutMs;
    this.#kernel = kernel;
    this.#parked = parked;
    this.#pending = parked.pending;
    this.#interrupts = interrupts;
    this.#replies = new Replies(kernel, counters);
    this.#requests = new Requests(
      kernel,
      this.#replies,
      file,
      parked,
      interrupts,
      options,
      deadline,
    );
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  /** @throws {Unmounted} */
  run(): never {
    for (;;) {
      this.#answerInterrupted();
      if (this.#pending.waiting === 0 && !this.#pending.full) {
        this.#requests.handle(this.#kernel.receive());
        continue;
      }
      this.#answerWaiting();
      const length = this.#pending.full ? 0 : this.#kernel.tryReceive();
      if (length > 0) this.#requests.handle(length);
      else this.#kernel.wait(this.#waitMs(), !this.#pending.full);
    }
  }

  /** Answers parked reads whose interruption another thread has heard of. */
  #answerInterrupted(): void {
    while (this.#interrupts.next()) {
      this.#requests.interrupted(this.#interrupts.high, this.#interrupts.low);
    }
  }

  /** Answers parked reads that have ended or are overdue. */
  #answerWaiting(): void {
    const { backend } = this.#parked;
    const pending = this.#pending;
    for (let slot = backend.nextEnded(); slot >= 0; slot = backend.nextEnded()) {
      this.#answerEnded(slot);
    }
    if (this.#timeoutMs === 0 || pending.waiting === 0 || backend.ending) return;
    const now = this.#now();
    for (let slot = pending.overdue(now); slot >= 0; slot = pending.overdue(now)) {
      this.#requests.refuse(slot, EIO);
    }
  }

  /**
   * All or nothing: where a read goes through the page cache the kernel fills a short reply up with zeros,
   * and takes it for the end of the file.
   */
  #answerEnded(slot: number): void {
    const { backend, uniqueHigh, uniqueLow, lanes } = this.#parked;
    const { offsets, lengths } = this.#pending;
    const length = lengths[slot]!;
    this.#replies.answering(uniqueHigh[slot]!, uniqueLow[slot]!, lanes[slot]!);
    if (backend.collect(slot, DATA_AT, offsets[slot]!, length) === 0) this.#replies.data(length);
    else if (!backend.ending) this.#replies.error(EIO);
  }

  /** Time until the first parked read is overdue, for `Kernel.wait`. */
  #waitMs(): number {
    const { waiting, nextDeadline } = this.#pending;
    if (this.#timeoutMs === 0 || waiting === 0 || this.#parked.backend.ending) return -1;
    return Math.max(0, Math.ceil(nextDeadline - this.#now()));
  }
}
