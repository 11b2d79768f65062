// The orders of main to the threads of an attached kernel device, and their messages. Plain data.
import type { KernelExport } from "../sys/nbd_ioctls.ts";
import type { SessionInit } from "./session_init.ts";
import type { Ended, Refused, Warning } from "./thread_messages.ts";

/** For the thread that gives the kernel its connections and waits in the kernel while it has any. */
export interface HoldOrder {
  readonly type: "hold";
  readonly path: string;
  /** Packed device number. */
  readonly deviceNumber: number;
  /** The kernel's ends of the connections; the thread closes them. */
  readonly sockets: readonly number[];
  readonly exported: KernelExport;
}

/** For the thread that does what may wait for the device meanwhile: has its partitions looked for. */
export interface WatchOrder {
  readonly type: "watch";
  readonly path: string;
  /** Packed device number. */
  readonly deviceNumber: number;
}

/** To the same: make the kernel pass on what was written to the device, or let go of it. */
export interface EndOrder {
  readonly type: "flush" | "detach";
}

export type AttachOrder = HoldOrder | WatchOrder | EndOrder;

/** What these two threads tell main. */
export type AttachMessage =
  /** The kernel serves the device: from the thread that watches. */
  | { type: "ready" }
  /** Its partitions, by the kernel's names. */
  | { type: "scanned"; partitions: readonly string[] }
  | { type: "flushed" }
  /** The kernel does not serve the device, or does no longer: from the thread that holds it, which ends. */
  | Refused
  | Ended;

/** A session with a connection of the kernel's. */
export interface KernelSessionInit extends SessionInit {
  /** Our end of the connection; main closes it. */
  readonly socket: number;
}

/** Its messages to main. */
export type KernelSessionMessage =
  /** It waits for the kernel, which is to be told these transmission flags. */
  | { type: "ready"; flags: number }
  | Warning
  /** The connection has ended because something went wrong. */
  | { type: "left"; message: string }
  | Ended;
