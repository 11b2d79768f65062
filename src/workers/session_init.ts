// What main hands to a session worker when it starts.
import type { OpenOverlay } from "../cache/open_overlay.ts";
import type { Export } from "../nbd/export.ts";

/** Plain data: it crosses a postMessage. Descriptors belong to the process, so their numbers are enough. */
export interface SessionInit {
  readonly state: SharedArrayBuffer;
  readonly sessions: number;
  /** This worker's number, below `sessions`. */
  readonly session: number;
  /** What is served; while there is nothing, a SharedText: the sentence with which clients are refused. */
  readonly served: ServedMedium | SharedArrayBuffer;
  readonly timeoutMs: number;
  /** Listening sockets, non-blocking. */
  readonly listeners: readonly number[];
  readonly export: Export;
}

/** What is served. Sizes are bytes. */
export interface ServedMedium {
  readonly map: SharedArrayBuffer;
  readonly image: number;
  readonly size: number;
  readonly sectorSize: number;
  readonly readAhead: number;
  /** Nothing is read ahead from here on: behind it are no data. */
  readonly readAheadEnd: number;
  /** Memory that notes what clients read; undefined: nobody wants to know. */
  readonly touched: SharedArrayBuffer | undefined;
  /** Where writes go; undefined: there are none. */
  readonly overlay?: OpenOverlay | undefined;
  /** Writes go to the device, through the reader. */
  readonly writeThrough?: boolean;
}

/** Something to be said to the user. */
export interface Warning {
  readonly type: "warning";
  readonly message: string;
  readonly hints: readonly string[];
}

/** What a session worker tells main. */
export type SessionMessage =
  /** It has accepted a client. */
  | { type: "busy" }
  /** The client has left, and it waits for the next one; `message` says more when something went wrong. */
  | { type: "left"; message: string }
  /** It takes no client: the device still works on what the last one has left. */
  | { type: "occupied" }
  /** It waits for a client again. */
  | { type: "free" }
  | Warning
  /** The worker has ended its loop: the run is over, or nobody needs it any more. */
  | { type: "ended" };
