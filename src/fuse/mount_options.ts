// How a mounted file is served: the same for all threads of a mount.

import type { Counters } from "./counters.ts";

/** How a mounted file is served; the same for all threads of a mount. */
export interface MountOptions {
  /** Longest time a reader waits for the device before it gets EIO; 0: for ever. */
  readonly timeoutMs: number;
  /** O_DIRECT of this machine. */
  readonly directFlag: number;
  /** Most asynchronous reads at a time that the kernel sends, over all threads. */
  readonly maxBackground: number;
  /** Told by the one thread that has talked to the kernel of it; false: the kernel is too old. */
  readonly negotiated?: (agreed: boolean) => void;
  /** Counts the served requests. */
  readonly counters?: Counters;
  /** A clock that never goes back, in milliseconds; default `performance.now`. */
  readonly now?: () => number;
}
