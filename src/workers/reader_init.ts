// What main hands to the reader worker when it starts, and what the reader tells main.

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
}

/** What the reader tells main. Failed reads are summed up: one message a second at most. */
export type ReaderMessage =
  | { type: "readsFailed"; count: number; offset: number; length: number; errno: number }
  | { type: "deviceGone"; errno: number }
  | { type: "imageFailed"; errno: number }
  | { type: "imageRecovered" }
  | { type: "mapFull" }
  | { type: "ended" };
