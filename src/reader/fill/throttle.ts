// How gentle a fill is: how fast it reads, how long it rests after errors, and when it gives up. Arithmetic
// on times that it is told, milliseconds of one clock.

import type { InBytes, WrittenSize } from "../../base/sizes.ts";

/** The limits that the user sets, with sizes as they were written. 0: no limit, no rest. */
export interface WrittenLimits {
  /** Bytes per second that fill reads. */
  readonly rate: WrittenSize;
  /** Bytes per second that are read from the device by anybody; clients are counted, but not held up. */
  readonly maxReadRate: WrittenSize;
  /** Rest after each failing read, milliseconds. */
  readonly pauseOnErrorMs: number;
  /** Rest after each COOLDOWN_ERRORS failing reads, milliseconds. */
  readonly cooldownMs: number;
  /** Failing reads after which it ends; undefined: no limit. */
  readonly maxErrors: number | undefined;
  /** Bytes per second that fail; undefined: no limit. */
  readonly maxErrorRate: WrittenSize | undefined;
}

/** The same with sizes in bytes. */
export type Limits = InBytes<WrittenLimits>;

/** Why a fill has given up. */
export type GaveUp = "too many errors" | "too many errors per second";

/** Failing reads between two rests of a drive that is to cool down. */
export const COOLDOWN_ERRORS = 32;
/** Over which time the rate of errors is measured at least. */
const ERROR_WINDOW_MS = 1000;
/** A client that has just read will probably read again: no fill for so long, at least and at most. */
const LEAST_GRACE_MS = 2;
const MOST_GRACE_MS = 500;

/**
 * Limits of a fill: its rate, its rests after errors, and when it gives up. No clock of its own.
 */
export class Throttle {
  readonly #limits: Limits;
  /** No read of fill begins before. */
  #notBeforeMs = 0;
  /** When all that was read from the device is paid for, at the rate for all. */
  #totalPaidMs = 0;
  #errors = 0;
  #windowStartMs = 0;
  #windowErrorBytes = 0;
  /** How long a read of fill takes at the moment: what a client would have to wait. */
  #costMs = 0;
  #graceUntilMs = 0;
  gaveUp: GaveUp | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Reads of fill that have failed. */
  get errors(): number {
    return this.#errors;
  }

  /** The failures since there were so many do not count: the device did not answer. */
  forgive(errors: number): void {
    this.#errors = errors;
    this.#windowErrorBytes = 0;
    this.gaveUp = undefined;
  }

  /** How long to wait until the next read of fill may begin, milliseconds; 0: at once. */
  waitMs(nowMs: number): number {
    return Math.max(0, Math.max(this.#notBeforeMs, this.#totalPaidMs, this.#graceUntilMs) - nowMs);
  }

  /** Nothing before that. */
  pauseUntil(timeMs: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, timeMs);
  }

  /** A client's read has brought `length` bytes. */
  clientRead(length: number, endedMs: number): void {
    this.#pay(length, endedMs);
    // As long again as it would lose by bad luck: that costs fill half its time at worst.
    const graceMs = Math.min(Math.max(this.#costMs, LEAST_GRACE_MS), MOST_GRACE_MS);
    this.#graceUntilMs = endedMs + graceMs;
  }

  /** A read of fill has brought `length` bytes. */
  good(length: number, tookMs: number, endedMs: number): void {
    this.#cost(tookMs);
    this.#pay(length, endedMs);
    const { rate } = this.#limits;
    if (rate > 0) this.pauseUntil(endedMs - tookMs + length * 1000 / rate);
  }

  /** A read of fill of `length` bytes has failed. */
  bad(length: number, tookMs: number, endedMs: number): void {
    this.#cost(tookMs);
    this.#errors++;
    const { pauseOnErrorMs, cooldownMs, maxErrors } = this.#limits;
    if (pauseOnErrorMs > 0) this.pauseUntil(endedMs + pauseOnErrorMs);
    if (this.#errors % COOLDOWN_ERRORS === 0) this.pauseUntil(endedMs + cooldownMs);
    if (maxErrors !== undefined && this.#errors > maxErrors) this.gaveUp = "too many errors";
    this.#measureErrors(length, endedMs);
  }

  #measureErrors(length: number, endedMs: number): void {
    const { maxErrorRate } = this.#limits;
    if (maxErrorRate === undefined) return;
    this.#windowErrorBytes += length;
    const windowMs = endedMs - this.#windowStartMs;
    if (windowMs < ERROR_WINDOW_MS) return;
    if (this.#windowErrorBytes * 1000 / windowMs > maxErrorRate) {
      this.gaveUp = "too many errors per second";
    }
    this.#windowStartMs = endedMs;
    this.#windowErrorBytes = 0;
  }

  #pay(length: number, endedMs: number): void {
    const { maxReadRate } = this.#limits;
    if (maxReadRate === 0) return;
    this.#totalPaidMs = Math.max(this.#totalPaidMs, endedMs) + length * 1000 / maxReadRate;
  }

  #cost(tookMs: number): void {
    this.#costMs = tookMs > this.#costMs ? tookMs : (this.#costMs * 3 + tookMs) / 4;
  }
}
