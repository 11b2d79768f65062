// The options of `serve`, after the command line has been checked and completed with its defaults.

import type { WrittenSize } from "../base/sizes.ts";
import type { DeviceRequest } from "../opening/open_device.ts";
import type { WrittenFillOptions } from "../reader/fill/fill_parts.ts";
import type { ReaderSettings } from "../reader/reader_settings.ts";

/** Largest read-ahead, bytes: a client that reads on uses it up within a second on any disk. */
export const MAX_READ_AHEAD = 64 * 1024 * 1024;

/** A mapfile that restricts a fill. */
export interface DomainRequest {
  readonly path: string;
  /** Its blocks may leave gaps and stand in any order, as with ddrescue's --loose-domain. */
  readonly isLoose: boolean;
  /** Its content, if it came by standard input; undefined: read it from `path`. */
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

/** Options of a run, in the words of the command line: what to open, and how to serve it. Sizes are bytes. */
export interface ServeOptions extends Omit<DeviceRequest, "name" | "isOverlaid" | "shownAs"> {
  /** The Unix socket; undefined: chosen by the rules of `socketPath`. */
  socketPath: string | undefined;
  /** TCP addresses to listen on as well. */
  listen: readonly { host: string; port: number }[];
  /** Export name, default "". */
  exportName: string;
  /** Most that is read beyond a sequential request. */
  readAhead: WrittenSize;
  /** The reader's thread gets them as they are. Clients wait as long for their sessions as for the reader. */
  reader: ReaderSettings;
  /** Seconds until a device that does not answer, or an image without room, is given up; undefined: never. */
  giveUpSeconds: number | undefined;
  /** A command for the shell while the device does not answer; undefined: none. */
  onStall: string | undefined;
  /** Hours after which the run ends; undefined: no limit. */
  maxHours: number | undefined;
  /** How to fill the image while no client reads; undefined: not at all. */
  fill: FillRequest | undefined;
  /** What could not be read has not been tried. */
  tryAgain: boolean;
  /** A mapfile that gets what clients read as `+`; undefined: none. */
  recordDomain: string | undefined;
  /** Longest time between saves of the map. */
  saveIntervalSeconds: number;
  /** Most clients at a time, of each kind of socket. */
  maxClients: number;
  /** The run ends when the medium leaves; otherwise the next one is awaited. */
  once: boolean;
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
}

/** The program itself, for the files that it leaves behind. */
export interface About {
  /** Such as `0.1.0`. */
  readonly version: string;
  /** The command line, for the mapfile's header. */
  readonly commandLine: string;
}
