// What the threads of map_stress_test.ts agree on.

export const SECTOR = 512;
/** Sectors that share a pair of statuses. */
export const STRIPE_SECTORS = 64;

/** Words of the control memory. */
export const STOP = 0;
export const WRITES = 1;
export const LOOKS = 2;
export const CONTROL_BYTES = 64;

export interface WriterOrders {
  map: SharedArrayBuffer;
  control: SharedArrayBuffer;
  seed: number;
  kind: "stripes" | "adds";
  /** Most sectors of one set. */
  longest: number;
  /** Milliseconds between bursts of 64 sets; 0: none. */
  pauseMs: number;
}

export interface ReaderOrders {
  map: SharedArrayBuffer;
  control: SharedArrayBuffer;
  seed: number;
  kind: "stripes" | "adds";
}

/** What a worker says when it ends: what it found wrong, or "". */
export type Finding = string;

/** The two statuses that a sector may have besides NON_TRIED, which it has at first. */
export function stripeStatuses(sector: number): readonly [number, number] {
  const stripe = Math.floor(sector / STRIPE_SECTORS);
  return stripe % 2 === 0 ? [1, 2] : [3, 4];
}
