// What a fill is given, and how it ends.
import type { InBytes, WrittenSize } from "../../base/sizes.ts";
import type { FileMap } from "../../map/file_map.ts";
import type { Status } from "../../map/statuses.ts";
import type { Resting } from "./resting.ts";
import type { GaveUp, WrittenLimits } from "./throttle.ts";

/** Why a fill has ended: "complete" when nothing more is to be had. */
export type FillEnd = "complete" | GaveUp | "map full" | "reads are refused";

/** The user's options of a fill, with sizes as they were written. Plain data. */
export interface WrittenFillOptions extends WrittenLimits {
  /** Passes of retrying. */
  readonly retryPasses: number;
  /** Bytes per second below which copying skips at first; 0: a tenth of the average. */
  readonly minReadRate: WrittenSize;
  /** How much of what is there to read again at the end, bytes. */
  readonly verifyBytes: WrittenSize;
}

/** The same with sizes in bytes. */
export type FillOptions = InBytes<WrittenFillOptions>;

/** Whether the fill reads a sample again at its end. */
export function verifiesAtEnd({ verifyBytes }: FillOptions): boolean {
  return verifyBytes > 0;
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
