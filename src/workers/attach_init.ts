// What main and the threads of an attached kernel device tell each other. Plain data.
import type { KernelExport } from "../sys/nbd_ioctls.ts";
import type { ServedMedium, Warning } from "./session_init.ts";

/** For the thread that gives the kernel its connections and waits in the kernel while it has any. */
export interface HoldOrder {
  readonly type: "hold";
  readonly path: string;
  /** Packed device number. */
  readonly device: number;
  /** The kernel's ends of the connections; the thread closes them. */
  readonly sockets: readonly number[];
  readonly exported: KernelExport;
}

/** For the thread that does what may wait for the device meanwhile: has its partitions looked for. */
export interface WatchOrder {
  readonly type: "watch";
  readonly path: string;
  /** Packed device number. */
  readonly device: number;
}

/** To the same: what was written to the device is to be passed on to us, or the kernel is to let go. */
export interface EndOrder {
  readonly type: "flush" | "detach";
}

export type AttachOrder = HoldOrder | WatchOrder | EndOrder;

/** What these two threads tell main. */
export type AttachMessage =
  /** The kernel serves the device. */
  | { type: "attached" }
  /** Its partitions, by the kernel's names. */
  | { type: "scanned"; partitions: readonly string[] }
  | { type: "flushed" }
  /** The kernel has refused; the thread has ended. */
  | { type: "refused"; request: string; errno: number }
  /** The kernel serves the device no longer; the thread has ended. */
  | { type: "detached"; errno: number };

/** For a thread that answers one of the kernel's connections. */
export interface KernelSessionInit {
  readonly state: SharedArrayBuffer;
  readonly sessions: number;
  /** This thread's session number, below `sessions`. */
  readonly session: number;
  readonly served: ServedMedium;
  readonly timeoutMs: number;
  /** Our end of the connection; main closes it. */
  readonly socket: number;
}

/** What it tells main. */
export type KernelSessionMessage =
  /** It waits for the kernel, which is to be told these transmission flags. */
  | { type: "serving"; flags: number }
  | Warning
  /** The connection has ended, and the thread with it; `message` says more when something went wrong. */
  | { type: "ended"; message: string };
