// How much the device gives in the time that one turn may take, so that no client waits longer for the turn of
// another. Plain arithmetic on reads (or writes) that went well.
//
// A read takes a delay that does not depend on its length (a seek, a network), and a time for its bytes. Only
// the latter gets less when less is read: a device that answers after 150 ms whatever it is asked for would
// only become slower. So a slice takes SLICE_MS, the delay included, or twice the delay if that is more. Reads
// of different lengths tell the two apart: the line through their times, by least squares.
import { alignDown, clamp } from "../base/ranges.ts";
import { MAX_READ, SICK_READ } from "./pace.ts";

/** Time that a slice may take, milliseconds: a person does not notice a few of them. */
export const SLICE_MS = 100;
/** A read of at most this length is taken for delay only, as long as nothing else is known. */
const SHORT_READ = 16_384;
/** Such a read that takes longer has met a disk that spins up, or a drive that tries again; milliseconds. */
const STALL_MS = 1000;
/** What earlier reads count for once another has been made: the last five or so decide. */
const MEMORY = 0.8;
/** Lengths that deviate less from their mean, as a part of it, tell no delay. */
const LEAST_DEVIATION = 0.1;
/** What is left of the delay that is believed after a read that tells none: so a wrong one is found out. */
const FADING = 0.98;

/** Measures how many bytes the device gives in the time of one turn. */
export class SliceSize {
  readonly #sectorSize: number;
  // Weighted sums over the last reads: their number, lengths and times, squares and products.
  #count = 0;
  #lengths = 0;
  #times = 0;
  #squares = 0;
  #products = 0;
  #delayMs = 0;
  #msPerByte = 0;
  /** Bytes, whole sectors: the most that a turn may take. */
  limit = MAX_READ;

  constructor(sectorSize: number) {
    this.#sectorSize = sectorSize;
  }

  /** A read of `length` bytes has taken `tookMs`. */
  good(length: number, tookMs: number): void {
    if (tookMs > STALL_MS && length <= SHORT_READ) return;
    this.#count = MEMORY * this.#count + 1;
    this.#lengths = MEMORY * this.#lengths + length;
    this.#times = MEMORY * this.#times + tookMs;
    this.#squares = MEMORY * this.#squares + length * length;
    this.#products = MEMORY * this.#products + length * tookMs;
    this.#measure(this.#lengths / this.#count, this.#times / this.#count);
    this.#delayMs = Math.min(this.#delayMs, tookMs);
    const mostMs = Math.max(SLICE_MS - this.#delayMs, this.#delayMs);
    // One quick answer, from a cache maybe, is no reason for a very long read.
    const most = Math.min(2 * this.limit, MAX_READ);
    const fitting = this.#msPerByte > 0 ? mostMs / this.#msPerByte : most;
    const limit = clamp(fitting, this.#sectorSize, most);
    this.limit = alignDown(limit, limit < SICK_READ ? this.#sectorSize : SICK_READ);
  }

  /** Parts the time of the last reads into delay and transfer. */
  #measure(meanLength: number, meanMs: number): void {
    const variance = this.#squares / this.#count - meanLength * meanLength;
    if (variance > (LEAST_DEVIATION * meanLength) ** 2) {
      const covariance = this.#products / this.#count - meanLength * meanMs;
      this.#delayMs = clamp(meanMs - meanLength * covariance / variance, 0, meanMs);
    } else if (meanLength <= SHORT_READ) {
      this.#delayMs = Math.max(0, meanMs - this.#msPerByte * meanLength);
    } else {
      this.#delayMs = Math.min(FADING * this.#delayMs, meanMs);
    }
    this.#msPerByte = (meanMs - this.#delayMs) / meanLength;
  }
}
