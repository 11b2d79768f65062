// How far copying jumps behind an error or over a slow place: a distance that doubles each time, between
// bounds that follow from the size of the device.
import { alignUp, clamp } from "../../base/ranges.ts";
import { CLUSTER } from "./read_size.ts";

/** First skip over a slow place, bytes: those are wider than bad ones, and take half a second to notice. */
const FIRST_SLOW_SKIP = 16 * CLUSTER;

/** Bytes that the first skip behind an error leaves out: as ddrescue from 1.30 on has it. */
export function firstErrorSkip(size: number): number {
  return clamp(alignUp(Math.ceil(size / 32_768), CLUSTER), CLUSTER, mostSkipped(size));
}

/** Bytes that a skip leaves out at most. */
export function mostSkipped(size: number): number {
  return alignUp(Math.ceil(size / 100), CLUSTER);
}

/** A skip that doubles. */
export class Skip {
  readonly #first: number;
  readonly #most: number;
  #next: number;

  constructor(first: number, most: number) {
    this.#first = first;
    this.#most = most;
    this.#next = first;
  }

  /** The one behind errors. */
  static behindErrors(size: number): Skip {
    return new Skip(firstErrorSkip(size), mostSkipped(size));
  }

  /** The one over slow places. */
  static overSlowPlaces(size: number): Skip {
    const most = mostSkipped(size);
    const first = clamp(alignUp(Math.ceil(size / 100_000), CLUSTER), FIRST_SLOW_SKIP, most);
    return new Skip(first, most);
  }

  take(): number {
    const bytes = this.#next;
    this.#next = Math.min(this.#most, bytes * 2);
    return bytes;
  }

  reset(): void {
    this.#next = this.#first;
  }
}
