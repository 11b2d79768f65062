// The parts that the reader works with, and the messages that it sends.
import type { ImageComparison } from "./image_comparison.ts";
import type { Publisher } from "./publisher.ts";
import type { FileMap } from "../map/file_map.ts";
import type { ReaderQueue } from "../shared/request_queue.ts";
import type { SharedState } from "../shared/shared_state.ts";
import type { NativeMemory } from "../sys/memory.ts";
import type { DeviceWrites } from "./device_writes.ts";
import type { Cooling } from "./cooling.ts";
import type { Fill } from "./fill/fill.ts";
import type { FillEnd } from "./fill/fill_parts.ts";
import type { Verified } from "./fill/verification.ts";
import type { PendingReads } from "./pending_reads.ts";
import type { ReaderSettings } from "./reader_settings.ts";

/** The device as the reader needs it. */
export interface ReadableDevice {
  readonly size: number;
  readonly sectorSize: number;
  /** One read into the reader's memory. @returns bytes, 0 at an end of file, or -errno. May hang. */
  read(address: number, length: number, offset: number): number;
  /** False when the medium is no longer the one that was opened: then nothing of it may be published. */
  isSameMedium(): boolean;
  /**
   * As `isSameMedium`, without reading the medium; asked now and then while there is nothing to read. Undefined where
   * another thread notices that the medium leaves.
   */
  readonly looksTheSame?: (() => boolean) | undefined;
  /** Its medium can be taken out, and comes back as another device: a drive that has gone is not waited for. */
  readonly isDrive?: boolean;
  /** What `read` brings may come from a cache of the system: it does not prove that the device answers. */
  readonly isCached?: boolean;
  /** As `read`, for one sector, and past all caches of the system, as far as that can be; default: `read`. */
  readPastCaches?(address: number, length: number, offset: number): number;
  /**
   * Opens it again after it has gone and come back, perhaps by another name, when it is the same for certain.
   * @param isStuck one that has not gone is opened again as well.
   */
  reopen?(isStuck: boolean): void;
}

/** A read that has failed before the reader began, of whole sectors. */
export interface EarlierFailure {
  readonly start: number;
  readonly end: number;
  /** Positive. */
  readonly errno: number;
  /** The device has proved alive since, and the map has the failure already. */
  readonly isProved: boolean;
}

/** Tells what happens to the device. */
export interface ReaderObserver {
  /** A device read failed; `errno` is positive. Called for each, so it must sum up. */
  readFailed(offset: number, length: number, errno: number): void;
  /** The medium of a drive has gone. Called once. */
  deviceGone(errno: number): void;
  /** The device has stopped answering, with this error; 0: it is not there. It is tried again. */
  deviceSilent(sinceMs: number, errno: number): void;
  /** It answers again. */
  deviceAnswers(silentMs: number): void;
  /** Nothing more is read unasked. Called once. */
  fillEnded(reason: FillEnd, verified: Verified | undefined): void;
  /** A read for verification has brought another byte at `offset` than the image has. */
  differs(offset: number): void;
  /** The run is over: whether device and image have all that was written. */
  writesEnded?(complete: boolean): void;
}

/** Everything the loop works with; owned by the reader's thread. */
export interface ReaderParts {
  readonly device: ReadableDevice;
  readonly map: FileMap;
  readonly publisher: Publisher;
  readonly state: SharedState;
  readonly queue: ReaderQueue;
  /** At least MAX_READ bytes, aligned for O_DIRECT. */
  readonly buffer: NativeMemory;
  readonly observer: ReaderObserver;
  readonly settings: ReaderSettings;
  /** Reads that have failed before the reader began, in their order. */
  readonly failures?: readonly EarlierFailure[] | undefined;
  /** What to read while no client asks; undefined: nothing. */
  readonly fill: Fill | undefined;
  /** When the fill waits for a drive that is too hot; undefined: never. */
  readonly cooling?: Cooling | undefined;
  /** The image, for a fill that verifies. */
  readonly comparison: ImageComparison;
  /** Makes what carries writes out; undefined: there are none. */
  readonly writes?: ((pending: PendingReads) => DeviceWrites) | undefined;
  /** There is no device: missing bytes cannot be read, and the map stays as it is. */
  readonly isOffline?: boolean;
  /** Milliseconds, to measure how long reads take; default: the system's clock. */
  readonly now?: () => number;
}
