// The file that a mount shows: how the device looks as a file, and how its threads serve it.
import type { Counters } from "../base/counters.ts";

/** Attributes of the file, and what decides how it is opened. One for each session's thread. */
export interface ShownFile {
  /** Permission bits: the kernel checks them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Time of all three stamps, milliseconds since 1970. */
  readonly timeMs: number;
  /**
   * True when every byte of the device is cached, so that no read can fail or wait any more, and no recorder wants
   * to know what is read.
   */
  isComplete(): boolean;
}

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
