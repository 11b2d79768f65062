// The orders of main to the worker that looks at devices, and its messages.
import type { BlockDeviceInfo } from "../device/block_listing.ts";
import type { SourceContent } from "../identity/source_content.ts";
import type { Ended, Refused } from "./thread_messages.ts";

/** A device to look at. Plain data. */
export interface LookOrder {
  /** Packed number of a block device. */
  readonly deviceNumber: number;
  /** Read what stands on it, by this path; undefined: only describe the device. */
  readonly path: string | undefined;
}

/** What the worker tells main, in this order: after `described` there are reads only if a path was given. */
export type LookMessage =
  /** The thread runs: from now on main waits for the device. */
  | { type: "ready" }
  | { type: "described"; info: BlockDeviceInfo }
  /** A read has ended. */
  | { type: "answered" }
  | { type: "done"; content: SourceContent | undefined }
  | Refused
  | Ended;
