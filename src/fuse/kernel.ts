// What the FUSE code needs of /dev/fuse. The session's worker gives it descriptors; tests play the kernel.
// Everything here blocks the calling thread, which does nothing else.

/** The file is no longer mounted, or this thread is to leave (see leave_notice.ts): its session is over. */
export class Unmounted extends Error {
  override name = "Unmounted";
}

/** One thread's connection to the kernel, with its two fixed buffers. */
export interface Kernel {
  /** A request lies at its start: INPUT_BYTES at least. */
  readonly input: Uint8Array;
  /** OUTPUT_BYTES at least. */
  readonly output: Uint8Array;
  /**
   * The way by which the last request has come: a small number. The kernel takes its reply only there.
   */
  readonly lane: number;
  /**
   * Blocks until there is a request.
   * @returns its length in bytes.
   * @throws {Unmounted}
   */
  receive(): number;
  /** As `receive`, but never blocks. @returns 0 when there is no request. */
  tryReceive(): number;
  /** Sends the reply `output[start..end)`. Drops it when no program waits for it any more. */
  send(lane: number, start: number, end: number): void;
  /**
   * Blocks until there is a request, a parked read has ended, another thread has called, or the time is
   * over. It may return early.
   * @param timeoutMs milliseconds; -1 waits for ever.
   * @param receiving false while the session takes no further requests: they do not wake it then.
   */
  wait(timeoutMs: number, receiving: boolean): void;
  /** Makes every other session's thread return from `wait`, now or when it gets there. */
  callOthers(): void;
}
