// The reading rate since the start of a run, in a few hundred points for any length. No I/O.

import type { Progress } from "../../server/events.ts";

/** One stretch of time: its end, milliseconds since the start, and the rate in it, bytes a second. */
export type RatePoint = readonly [endMs: number, bytesPerSecond: number];

/** Enough for a plot that is a screen wide. */
const MOST_POINTS = 360;
const FIRST_STEP_MS = 1_000;

/** Grows coarser as the run grows longer. */
export class RateHistory {
  #points: RatePoint[] = [];
  #stepMs = FIRST_STEP_MS;
  #startMs = 0;
  #startBytes = 0;

  get points(): readonly RatePoint[] {
    return this.#points;
  }

  /** Takes the next snapshot. @returns whether there is a new point. */
  add({ elapsedMs, deviceBytes }: Pick<Progress, "elapsedMs" | "deviceBytes">): boolean {
    const isAnotherRun = elapsedMs < this.#startMs || deviceBytes < this.#startBytes;
    if (isAnotherRun) this.#begin(elapsedMs, deviceBytes);
    const ms = elapsedMs - this.#startMs;
    if (ms < this.#stepMs) return false;
    this.#points.push([elapsedMs, (deviceBytes - this.#startBytes) / ms * 1000]);
    this.#startMs = elapsedMs;
    this.#startBytes = deviceBytes;
    if (this.#points.length > MOST_POINTS) this.#halve();
    return true;
  }

  #begin(elapsedMs: number, deviceBytes: number): void {
    this.#points = [];
    this.#stepMs = FIRST_STEP_MS;
    this.#startMs = elapsedMs;
    this.#startBytes = deviceBytes;
  }

  /** Two stretches become one. */
  #halve(): void {
    const halved: RatePoint[] = [];
    let startMs = 2 * this.#points[0][0] - this.#points[1][0];
    for (let at = 1; at < this.#points.length; at += 2) {
      const [middleMs, first] = this.#points[at - 1];
      const [endMs, second] = this.#points[at];
      const bytes = first * (middleMs - startMs) + second * (endMs - middleMs);
      halved.push([endMs, bytes / (endMs - startMs)]);
      startMs = endMs;
    }
    if (this.#points.length % 2 === 1) halved.push(this.#points.at(-1)!);
    this.#points = halved;
    this.#stepMs *= 2;
  }
}
