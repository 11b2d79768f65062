// What main gives to each thread with a session, over NBD, FUSE or the kernel's NBD client, and the messages of a session
// worker.
import type { Medium } from "../opening/open_medium.ts";
import type { OpenOverlay } from "../opening/open_overlay.ts";
import type { Ended, SharedMemory, Warning } from "./thread_messages.ts";

/** Plain data: it crosses a postMessage. Descriptors belong to the process, so their numbers are enough. */
export interface SessionInit extends SharedMemory {
  /** This thread's session number, below `sessions`. */
  readonly session: number;
  readonly served: ServedMedium;
  /** How long a client waits for a read, milliseconds; 0: for ever. */
  readonly timeoutMs: number;
}

/** A medium as sessions serve it. Sizes are bytes. */
export interface ServedMedium extends Pick<Medium, "map" | "imageFd" | "size" | "sectorSize"> {
  readonly readAhead: number;
  /** Sessions read nothing ahead from here on: behind it are no data. */
  readonly readAheadEnd: number;
  /** Memory in which sessions note the areas that clients read; undefined: they do not. */
  readonly touched: SharedArrayBuffer | undefined;
  /** Where writes go; undefined: there are none. */
  readonly overlay?: OpenOverlay | undefined;
  /** Writes go to the device, through the reader. */
  readonly writeThrough?: boolean;
}

/** Messages of a session worker. `isFree`: it can serve the next client at once; otherwise "free" follows. */
export type SessionMessage =
  /** It can serve a client. */
  | { type: "ready" }
  /** Its client has been silent for a while: the socket is main's again. */
  | { type: "idle"; isFree: boolean }
  /** Its client has gone, and the socket is closed; `message` says more when something went wrong. */
  | { type: "left"; message: string; isFree: boolean }
  /** The device has done enough of the last client's requests. */
  | { type: "free" }
  | Warning
  /** A client was disconnected, since it has broken the protocol; "left" follows. */
  | { type: "violation"; message: string }
  /** The run is over, or main has dismissed the session. */
  | Ended;
