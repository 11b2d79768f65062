// What main and the watcher worker tell each other.
import type { MediumId } from "../device/medium_probe.ts";
import type { Ended, SharedMemory, Warning } from "./thread_messages.ts";

/** What main sends. Plain data. */
export type WatcherOrder =
  /** Begin; or look anew, and tell what there is even if it is the same. */
  | { type: "watch"; devicePath: string; intervalMs: number; round: number }
  /** Who reads the drive from now on: its shared memory. */
  | { type: "reader" } & SharedMemory
  /** End, and put back what was changed in the kernel. */
  | { type: "stop" };

/** What the watcher tells main. */
export type WatcherMessage =
  /** What there is: after each order to watch, and at each change. */
  | { type: "seen"; round: number; seen: Seen }
  | Warning
  | { type: "debug"; message: string }
  | Ended;

/** The drive, and the medium in it; null: there is none. */
export interface Seen {
  readonly drive: boolean;
  readonly medium: MediumId;
}
