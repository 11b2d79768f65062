// The order of main to each thread that serves a mounted file, and its messages.
import type { SessionInit } from "./session_init.ts";
import type { Ended } from "./thread_messages.ts";

/** A session and its ways to the kernel. */
export interface FuseInit extends SessionInit {
  /** The session numbers of all threads of this mount. */
  readonly threads: readonly number[];
  /** See fuse/interrupts.ts. */
  readonly interrupts: SharedArrayBuffer;
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
  | { type: "ready"; agreed: boolean }
  | Ended;
