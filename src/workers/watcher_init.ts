// The orders of main to the watcher, and the watcher's messages.
import type { MediumId } from "../device/medium_probe.ts";
import type { Ended, SharedMemory, Warning } from "./thread_messages.ts";

/** What main sends. Plain data. */
export type WatcherOrder =
  /** Begin; or look anew, and report the state even if it is the same. */
  | { type: "watch"; devicePath: string; intervalMs: number; round: number }
  /** The shared memory of the reader that reads the drive from now on. */
  | { type: "reader" } & SharedMemory
  /** End, and restore the kernel's setting. */
  | { type: "stop" };

/** What the watcher tells main. */
export type WatcherMessage =
  /** The state of the drive: after each order to watch, and at each change. */
  | { type: "seen"; round: number; seen: Seen }
  | Warning
  | { type: "debug"; message: string }
  | Ended;

/** The drive, and the medium in it; null: there is none. */
export interface Seen {
  readonly drive: boolean;
  readonly medium: MediumId;
}
