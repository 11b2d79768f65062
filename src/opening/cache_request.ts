// The cache of a source as it is asked for: where image and map may lie, and what may be accepted.
import type { File } from "../device/file.ts";
import type { TryReadBytes } from "../identity/identity.ts";

/** Where image and map of a source are, and what is accepted of an earlier run. Plain data. */
export interface CachePlace {
  /** NAME of the default NAME-ID.img. */
  readonly name: string;
  /** Where a default image goes. */
  readonly folder: string;
  /** The image; undefined: `FOLDER/NAME-ID.img`. */
  readonly imagePath: string | undefined;
  /** The mapfile; undefined: beside the image, with `.map` appended. */
  readonly mapPath: string | undefined;
  /** Resume although blkcache cannot tell whether it is the same medium, or although the size differs. */
  readonly force: boolean;
  /** An overlay goes with it: where no serial number identifies the medium, some of its content has to. */
  readonly isOverlaid: boolean;
  /** See `Typed`. */
  readonly shownAs?: string | undefined;
}

/** A cache to open, for an open source. */
export interface CacheRequest extends CachePlace {
  /** The open source. */
  readonly device: File;
  /** How it is read; default: by `device.pread`. */
  readonly read?: TryReadBytes | undefined;
  /** Bytes. */
  readonly size: number;
  readonly sectorSize: number;
  /** Called with the image's path before anything is created; throws to refuse the place. */
  readonly checkPlace: (imagePath: string) => void;
  /** Receives remarks that are worth a sentence but no refusal. */
  readonly warn: (message: string, hints: readonly string[]) => void;
}
