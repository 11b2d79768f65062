// Where a run stands, kept up to date from its events: what the status line and the live page show.

import type { Progress, ServerEvent } from "../server/events.ts";
import { RateMeter } from "./rate_meter.ts";
import { shares } from "./shares.ts";
import type { StatusSnapshot } from "./status_line.ts";

/** One run's status. */
export class RunStatus {
  readonly #name: string;
  #meter = new RateMeter();
  #latest: Progress | undefined;

  /** @param name of the device. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Takes in an event. */
  observe(event: ServerEvent): void {
    if (event.event === "progress") {
      this.#latest = event.progress;
      this.#meter.add(event.progress, shares(event.progress).missing);
    } else if (event.event === "medium" && event.state === "left") {
      // Facts about one medium do not apply to the next.
      this.#latest = undefined;
      this.#meter = new RateMeter();
    }
  }

  /** Undefined while there is nothing to tell. */
  get snapshot(): StatusSnapshot | undefined {
    if (this.#latest === undefined) return undefined;
    const { bytesPerSecond, averageBytesPerSecond, remainingMs, sinceGoodMs } = this.#meter;
    return {
      name: this.#name,
      progress: this.#latest,
      bytesPerSecond,
      averageBytesPerSecond,
      remainingMs,
      sinceGoodMs,
    };
  }
}
