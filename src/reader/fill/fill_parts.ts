// What a fill is given, and how it ends.
import type { FileMap } from "../../map/file_map.ts";
import type { Status } from "../../map/statuses.ts";
import type { Resting } from "./resting.ts";
import type { GaveUp, Limits } from "./throttle.ts";

/** Why a fill has ended: "complete" when nothing more is to be had. */
export type FillEnd = "complete" | GaveUp | "map full" | "reads are refused";

/** What the user wants of a fill. Plain data. */
export interface FillOptions extends Limits {
  /** Passes of retrying. */
  readonly retries: number;
  /** Bytes per second below which copying skips at first; 0: a tenth of the average. */
  readonly minReadRate: number;
  /** How much of what is there to read again at the end, bytes. */
  readonly verifyBytes: number;
}

/** Everything a fill works with. */
export interface FillParts {
  readonly map: FileMap;
  /** What is FINISHED in it is to be filled; undefined: all of the device. As large as the map. */
  readonly domain: FileMap | undefined;
  readonly sectorSize: number;
  readonly options: FillOptions;
  /** When to leave the drive alone; default: as it turns out to help. */
  readonly resting?: Resting;
  /** Changes the map. @returns false when it is full. */
  mark(start: number, end: number, status: Status): boolean;
}
