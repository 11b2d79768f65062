// What main hands to each thread that serves a mounted file, and what such a thread tells main.
import type { ServedMedium } from "./session_init.ts";

/** Plain data: it crosses a postMessage. Descriptors belong to the process, so their numbers are enough. */
export interface FuseInit {
  readonly state: SharedArrayBuffer;
  readonly sessions: number;
  /** This thread's session number, below `sessions`. */
  readonly session: number;
  /** The session numbers of all threads of this mount. */
  readonly threads: readonly number[];
  /** See fuse/interrupts.ts. */
  readonly interrupts: SharedArrayBuffer;
  readonly served: ServedMedium;
  readonly timeoutMs: number;
  /** Two connections to the kernel of this thread's own: reading the first one blocks, the second never. */
  readonly lanes: readonly [number, number];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly timeMs: number;
  readonly maxBackground: number;
}

/** What a thread tells main. */
export type FuseMessage =
  /** The kernel has been talked to, by one of the threads; false: it is too old. */
  | { type: "negotiated"; agreed: boolean }
  /** The file is no longer mounted. */
  | { type: "ended" };
