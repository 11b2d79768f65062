// What a run tells the outside. The command line decides how it looks: sentences, a status line, JSON.

import type { CoarseMap } from "../map/coarse_map.ts";
import type { Phase } from "../map/statuses.ts";

/** A moment of a run. Sizes are bytes; each field is what it says at that instant. */
export interface Progress {
  /** Device size. */
  size: number;
  /** Bytes of each map status, by status number (see map/statuses.ts). */
  totals: readonly number[];
  /** Of these, what could not be read at the end of a disc, where there are no data: no loss. */
  runOut: number;
  /** Bytes read from the device since the start. */
  deviceBytes: number;
  /** Device reads since the start, and those of them that failed. */
  deviceReads: number;
  failedReads: number;
  /** Bytes sent to clients since the start. */
  servedBytes: number;
  /** Clients connected now. */
  clients: number;
  /** Client reads that wait for the device now. */
  waiting: number;
  /** The phase of the fill, as a mapfile names it; null: the reader reads for clients only. */
  phase: Phase | null;
  /** Pass of the phase, from 1. */
  pass: number;
  /** Where the device was read last. */
  position: number;
  /** Where the last good device read ended; null: there was none yet. */
  lastGood: number | null;
  /** The device read under way, and for how long it has been; null: none is. */
  reading: { offset: number; ms: number } | null;
  /** Not null while the device does not answer. */
  outage: DeviceOutage | null;
  /** Not null while the image takes no writes: nothing is read for its sake then. */
  paused: ImagePause | null;
  /** Not null while the fill leaves the device alone, because that may help it. */
  resting: DeviceRest | null;
  /** Not null while the fill waits until the drive is cooler. Degrees Celsius. */
  cooling: DeviceHeat | null;
  /** Milliseconds since the start. */
  elapsedMs: number;
  /** Changes with each change of the map. */
  mapVersion: number;
  /**
   * The map as it is when this is called, reduced to `cells`; all of it, or the part [start, end). Takes some
   * milliseconds when the map has many areas.
   */
  picture: (cells: number, start?: number, end?: number) => CoarseMap;
}

/** A device that has stopped answering. */
export interface DeviceOutage {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** How often it has been tried again in vain, and how long it rests until the next time, milliseconds. */
  readonly attempts: number;
  readonly restMs: number;
}

/** A device that is left alone for a while. Milliseconds. */
export interface DeviceRest {
  /** How long it rests in all, and from now on. */
  readonly ms: number;
  readonly restMs: number;
  /** It was faster after such rests; false: this one is to find out. */
  readonly pays: boolean;
}

/** A drive that is too hot. Degrees Celsius. */
export interface DeviceHeat {
  readonly celsius: number;
  readonly limitCelsius: number;
}

/** An image that takes no writes. */
export interface ImagePause {
  /** What the system says, an errno. */
  readonly errno: number;
  /** Where the image is. */
  readonly folder: string;
  /** Bytes that are still to be read into the image, and the free space for them at the last look. */
  readonly needs: number;
  readonly has: number;
}

/** One thing that happened. `message` fields are whole sentences for a person, in the house's form. */
export type ServerEvent =
  | {
    event: "ready";
    uri: string;
    uris: readonly string[];
    image: string;
    map: string;
    resumed: boolean;
  }
  | {
    event: "medium";
    state: MediumState;
    message: string;
    hints: readonly string[];
    /** Of a medium that has left, at its end. */
    progress?: Progress;
  }
  /** Something that the run needs has not answered for so many seconds. Every second, until it has. */
  | { event: "waiting"; what: string; seconds: number; message: string }
  | { event: "progress"; progress: Progress }
  | { event: "warning"; message: string; hints: readonly string[] }
  /** `device`: it answers again, by this path. */
  | { event: "info"; message: string; device?: string }
  | { event: "debug"; message: string }
  | { event: "saved"; map: string; transitions: number }
  | { event: "client"; state: "connected" | "left"; clients: number; message?: string }
  /** The run is over; see base/exit_codes.ts. `progress` is missing when nothing was being served. */
  | { event: "done"; exitCode: number; progress?: Progress };

/**
 * `awaited`: there is none. `found`: it is being looked at. `refused`: it cannot be served; the next one is
 * awaited. `left`: it was being served and is no longer there.
 */
export type MediumState = "awaited" | "found" | "refused" | "left";

/** Receives the events of a run, on the main thread; must not block and must not throw. */
export type Observer = (event: ServerEvent) => void;
