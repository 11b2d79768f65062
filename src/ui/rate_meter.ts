// How fast the device is read, from the counters of successive snapshots.

import type { Progress } from "../server/events.ts";

/** The rate that is shown. */
const NOW_WINDOW_MS = 5_000;
/** The rate that the remaining time is reckoned with: steadier. */
const ETA_WINDOW_MS = 60_000;

interface Sample {
  readonly elapsedMs: number;
  readonly deviceBytes: number;
  readonly missing: number;
}

/** Remembers the snapshots of the last minute. */
export class RateMeter {
  #samples: Sample[] = [];
  #lastGoodMs: number | undefined;

  /** Takes the next snapshot; `missing` is the number of bytes left to read. */
  add({ elapsedMs, deviceBytes }: Progress, missing: number): void {
    const before = this.#samples.at(-1)?.deviceBytes ?? 0;
    if (deviceBytes > before) this.#lastGoodMs = elapsedMs;
    this.#samples.push({ elapsedMs, deviceBytes, missing });
    // One sample at or before the window's start is kept, so that the whole window is measured.
    while (this.#samples.length > 2 && this.#samples[1].elapsedMs <= elapsedMs - ETA_WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Bytes read from the device, a second, lately. */
  get bytesPerSecond(): number {
    const [first, last] = this.#span(NOW_WINDOW_MS);
    return perSecond(last.deviceBytes - first.deviceBytes, last.elapsedMs - first.elapsedMs);
  }

  /** Bytes a second since the start. */
  get averageBytesPerSecond(): number {
    const last = this.#samples.at(-1);
    return last === undefined ? 0 : perSecond(last.deviceBytes, last.elapsedMs);
  }

  /** Time since bytes came from the device; undefined: none have come yet. */
  get sinceGoodMs(): number | undefined {
    const last = this.#samples.at(-1);
    return last && this.#lastGoodMs !== undefined ? last.elapsedMs - this.#lastGoodMs : undefined;
  }

  /** Time until nothing is missing if it goes on like in the last minute; undefined: no end in sight. */
  get remainingMs(): number | undefined {
    const [first, last] = this.#span(ETA_WINDOW_MS);
    const rate = perSecond(first.missing - last.missing, last.elapsedMs - first.elapsedMs);
    return rate > 0 && last.missing > 0 ? last.missing / rate * 1000 : undefined;
  }

  #span(windowMs: number): [first: Sample, last: Sample] {
    const last = this.#samples.at(-1) ?? { elapsedMs: 0, deviceBytes: 0, missing: 0 };
    const before = this.#samples.findLast(({ elapsedMs }) =>
      elapsedMs <= last.elapsedMs - windowMs
    );
    return [before ?? this.#samples[0] ?? last, last];
  }
}

function perSecond(amount: number, ms: number): number {
  return ms > 0 ? amount / ms * 1000 : 0;
}
