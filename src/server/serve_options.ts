// What `serve` is told, after the command line has been checked and completed with its defaults.

import type { WrittenSize } from "../base/sizes.ts";
import type { WrittenFillOptions } from "../reader/fill/fill_parts.ts";
import type { ReaderSettings } from "../reader/reader_settings.ts";

/** Largest read-ahead, bytes: a client that reads on uses it up within a second on any disk. */
export const MAX_READ_AHEAD = 64 * 1024 * 1024;

/** A mapfile that restricts a fill. */
export interface DomainRequest {
  readonly path: string;
  /** Its blocks may leave gaps and stand in any order, as with ddrescue's --loose-domain. */
  readonly isLoose: boolean;
  /** What it holds, where it was standard input; undefined: it is read from `path`. */
  readonly content?: Uint8Array;
}

/** How to fill. */
export interface FillRequest {
  readonly options: WrittenFillOptions;
  /** A mapfile whose `+` are to be filled; undefined: all of the device. */
  readonly domain: DomainRequest | undefined;
  /** The run ends with it. */
  readonly exitWhenComplete: boolean;
}

/** Options of a run, in the words of the command line. Sizes are bytes. */
export interface ServeOptions {
  /** The device, drive or regular file to serve. */
  devicePath: string;
  /** There is no device: `device` is an image, which is served as far as it goes and not changed. */
  offline: boolean;
  /** The image; undefined: `./NAME-ID.img`. */
  imagePath: string | undefined;
  /** Where an image that is not named goes. */
  folder: string;
  /** The mapfile; undefined: beside the image, with `.map` appended. */
  mapPath: string | undefined;
  /** The Unix socket; undefined: chosen by the rules of `socketPath`. */
  socketPath: string | undefined;
  /** TCP addresses to listen on as well. */
  listen: readonly { host: string; port: number }[];
  /** Export name, default "". */
  exportName: string;
  /** O_DIRECT; undefined: on for devices, off for regular files. */
  direct: boolean | undefined;
  /** Sector size; undefined: ask the device. */
  blockSize: number | undefined;
  /** Most that is read beyond a sequential request. */
  readAhead: WrittenSize;
  /** The reader's thread gets them as they are. Clients wait as long for their sessions as for the reader. */
  reader: ReaderSettings;
  /** Seconds until a device that does not answer, or an image without room, is given up; undefined: never. */
  giveUpSeconds: number | undefined;
  /** What to read while nobody is asking; undefined: nothing. */
  fill: FillRequest | undefined;
  /** What could not be read has not been tried. */
  tryAgain: boolean;
  /** A mapfile that gets what clients read as `+`; undefined: none. */
  recordDomain: string | undefined;
  /** Longest time between saves of the map. */
  saveIntervalSeconds: number;
  /** False: image, map and sidecar are deleted at exit. */
  keepCache: boolean;
  /** Most clients at a time, of each kind of socket. */
  maxClients: number;
  /** Resume although the identity cannot be confirmed. */
  force: boolean;
  /** The run ends when the medium leaves; otherwise the next one is awaited. */
  once: boolean;
  /** What clients write goes to the device and the image. */
  writeThrough: boolean;
  /** The file that takes what clients write; undefined: none. */
  overlayPath: string | undefined;
  /** Also show the device as this file; undefined: do not. */
  mount: string | undefined;
  /** The run ends when the program ends that has started it. */
  exitsWithParent: boolean;
  /** The end of the terminal is not the run's: nohup(1). */
  survivesHangUp: boolean;
  /** The run ends when that file is unmounted. */
  endsWithMount: boolean;
  /** Also attach it to the kernel as this /dev/nbdN; undefined: do not. */
  attach: string | undefined;
  /** Reading speed of an optical drive, in multiples of the disc's 1x; undefined: as it likes. */
  speed: number | undefined;
}

/** The program itself, for the files that it leaves behind. */
export interface About {
  /** Such as `0.1.0`. */
  readonly version: string;
  /** The command line, for the mapfile's header. */
  readonly commandLine: string;
}
