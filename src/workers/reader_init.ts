// The orders of main to the reader, and the reader's messages. Plain data.
import type { DeviceRequest } from "../opening/open_device.ts";
import type { Medium, SharedMedium } from "../opening/open_medium.ts";
import type { ReaderSettings } from "../reader/reader_settings.ts";
import type { FillEnd, FillOptions } from "../reader/fill/fill_parts.ts";
import type { Verified } from "../reader/fill/verification.ts";
import type { Ended, Refused, SharedMemory, Warning } from "./thread_messages.ts";

/**
 * The reader opens a block device by itself, as that may take long or for ever: it answers `ready` or `refused`. After
 * `ready` main tells it to read (ReaderInit) or to let go (Abandon).
 */
export interface OpenInit extends SharedMemory {
  readonly open: DeviceRequest;
  /** Its medium may leave. */
  readonly isDrive: boolean;
}

/** A device that the reader has opened, as main needs it. The reader closes its descriptors. */
export interface Opened {
  readonly medium: Medium;
  /** Descriptor for writes; undefined: the device is not written to. */
  readonly writeFd: number | undefined;
  /** False for a medium whose exchange the kernel may not notice; see MediumGuard. */
  readonly isCertain: boolean;
}

/** The medium that was opened is not wanted. */
export interface Abandon {
  readonly abandon: true;
}

/** What main sends. Plain data: it crosses a postMessage. */
export type ReaderOrder = OpenInit | Abandon | ReaderInit;

/** What to read. Descriptors belong to the process, so their numbers are enough. */
export interface ReaderInit extends SharedMemory {
  readonly medium: SharedMedium;
  /** Memory of its UnprovedMarks. */
  readonly unproved: SharedArrayBuffer;
  /** Memory is short: the reader drops the image's pages from the page cache after writing them. */
  readonly sparesMemory: boolean;
  /** There is no device: the image is served as far as it goes. */
  readonly isOffline: boolean;
  readonly settings: ReaderSettings;
  /** As the user has named the device. */
  readonly path: string;
  /** How to fill the image while no client reads; undefined: not at all. */
  readonly fill?: FillInit | undefined;
  /** How to write to the device; undefined: it is not written to. */
  readonly writing?: WritingInit | undefined;
}

/** How to write to the device. */
export interface WritingInit {
  /** Another descriptor of it. */
  readonly deviceFd: number;
  /** Where the record of writes goes. */
  readonly intentsPath: string;
}

/** How to fill, and the memory of the map whose `+` says where; undefined: everywhere. */
export interface FillInit {
  readonly options: FillOptions;
  readonly domain: SharedArrayBuffer | undefined;
}

/** The reader's messages. It sums failed reads up: one message a second at most. */
export type ReaderMessage =
  | { type: "ready"; opened: Opened }
  | Refused
  | Warning
  | { type: "readsFailed"; count: number; offset: number; length: number; errno: number }
  | { type: "deviceGone"; errno: number }
  /** The device has stopped answering, with this error (0: it is not there); it is tried again. */
  | { type: "silent"; sinceMs: number; errno: number }
  /** It answers again, as the device `path`. */
  | { type: "answers"; silentMs: number; path: string }
  | { type: "imageFailed"; errno: number }
  | { type: "imageRecovered" }
  | { type: "mapFull" }
  | { type: "fillEnded"; reason: FillEnd; verified: Verified | undefined }
  | { type: "differs"; offset: number }
  | { type: "writeFailed"; what: string; errno: number }
  | { type: "writesEnded"; complete: boolean }
  | Ended;
