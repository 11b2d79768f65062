// What an overlay is made of: main opens the parts, and each session makes its Overlay of them.
import type { Disk } from "../files/disk.ts";
import type { FileMap } from "../map/file_map.ts";

/** The setting in the mapfile that makes it that of an overlay, and of no image; its value: of which device. */
export const OVERLAY_SETTING = "overlay";

/** Bytes of the memory that the sessions share. */
export const OVERLAY_WORDS_BYTES = 64;

/** The warnings about an overlay's trouble. */
export interface OverlayTrouble {
  readonly message: string;
  readonly hints: readonly string[];
}

/** Parts of an overlay. */
export interface OverlayParts {
  /** As it was named. */
  readonly path: string;
  readonly mapPath: string;
  /** Descriptor of the file, as large as the device. */
  readonly fileFd: number;
  /** Permission bits of a new mapfile. */
  readonly mode: number;
  readonly map: FileMap;
  /** OVERLAY_WORDS_BYTES of memory, zero at first. */
  readonly words: SharedArrayBuffer;
  /** For the mapfile. */
  readonly version: string;
  readonly commandLine: string;
  readonly comments: readonly string[];
  /** As JSON text. */
  readonly identity: string;
  readonly startTime: Date;
  /** Told once by one of the sessions. */
  readonly tell: (trouble: OverlayTrouble) => void;
  /** Makes the calls of a flush; default: this thread. */
  readonly disk?: Disk;
}
