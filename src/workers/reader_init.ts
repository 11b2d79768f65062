// What main hands to the reader worker when it starts, and what the reader tells main.
import type { FillEnd, FillOptions } from "../reader/fill/fill.ts";

/** Plain data: it crosses a postMessage. Descriptors belong to the process, so their numbers are enough. */
export interface ReaderInit {
  readonly state: SharedArrayBuffer;
  readonly sessions: number;
  readonly map: SharedArrayBuffer;
  readonly image: number;
  /** The image was empty when this run began: what is not `+` is a hole. */
  readonly fresh: boolean;
  readonly device: number;
  /** Whether it is a block device: those are read so that a hang does not keep the process from ending. */
  readonly blockDevice: boolean;
  readonly size: number;
  readonly sectorSize: number;
  /** The disk sequence number of the medium; undefined when the medium cannot change. */
  readonly diskSeq: number | undefined;
  readonly retries: number;
  /** What to read while nobody is asking; undefined: nothing. */
  readonly fill?: FillInit | undefined;
}

/** How to fill, and the memory of the map whose `+` says where; undefined: everywhere. */
export interface FillInit {
  readonly options: FillOptions;
  readonly domain: SharedArrayBuffer | undefined;
}

/** What the reader tells main. Failed reads are summed up: one message a second at most. */
export type ReaderMessage =
  | { type: "readsFailed"; count: number; offset: number; length: number; errno: number }
  | { type: "deviceGone"; errno: number }
  | { type: "imageFailed"; errno: number }
  | { type: "imageRecovered" }
  | { type: "mapFull" }
  | { type: "fillEnded"; reason: FillEnd }
  | { type: "ended" };
