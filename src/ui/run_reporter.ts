// Shows the events of a run: as sentences and a status line, or as JSON. Main thread; never blocks.

import type { Progress, ServerEvent } from "../server/events.ts";
import { eventLevel, eventRecord } from "./event_record.ts";
import { isShown } from "./log_level.ts";
import { nextSteps } from "./next_steps.ts";
import { RateMeter } from "./rate_meter.ts";
import { shares } from "./shares.ts";
import { statusLine, statusLines, type StatusSnapshot, summary } from "./status_line.ts";
import type { Terminal } from "./terminal.ts";

/** On a pipe: time between two lines, as long as something changes. */
const LINE_INTERVAL_MS = 30_000;

/** One run's reporter. */
export class RunReporter {
  readonly #terminal: Terminal;
  readonly #name: string;
  #meter = new RateMeter();
  #latest: Progress | undefined;
  #printed: Progress | undefined;
  #isStatusDue = false;

  /** @param name of what is served, for the status. */
  constructor(terminal: Terminal, name = "") {
    this.#terminal = terminal;
    this.#name = name;
  }

  /** The run's observer. */
  readonly observe = (event: ServerEvent): void => {
    if (event.event === "progress") this.#note(event.progress);
    if (this.#terminal.json && isShown(eventLevel(event), this.#terminal.level)) {
      this.#terminal.record(eventRecord(event));
    }
    this.#tell(event);
  };

  /** Says the latest status (the first one as soon as there is one), also on a terminal (SIGUSR1). */
  printStatus(): void {
    this.#isStatusDue = this.#latest === undefined;
    if (!this.#isStatusDue) this.#terminal.info(statusLine(this.#snapshot()));
  }

  #tell(event: ServerEvent): void {
    switch (event.event) {
      case "ready":
        return this.#ready(event);
      case "progress":
        return this.#progress(event.progress);
      case "warning":
        return this.#terminal.warning(event.message, event.hints);
      case "info":
        return this.#terminal.info(event.message);
      case "debug":
        return this.#terminal.debug(event.message);
      case "saved":
        return this.#terminal.debug(`saved "${event.map}" (${event.transitions} transitions)`);
      case "client":
        return this.#terminal.debug(
          `client ${event.state}, ${event.clients} now${event.message ? `: ${event.message}` : ""}`,
        );
      case "medium":
        return this.#medium(event);
      case "done":
        this.#terminal.clearStatus();
        if (event.progress !== undefined) this.#terminal.info(summary(event.progress));
    }
  }

  #ready({ uri, uris, image, map, resumed }: ServerEvent & { event: "ready" }): void {
    this.#terminal.info(`${resumed ? "going on with" : "new"} image "${image}", map "${map}"`);
    if (this.#terminal.json) return;
    const others = uris.filter((other) => other !== uri).map((other) => `also ${other}`);
    const next = isShown("info", this.#terminal.level) ? nextSteps(uri) : [];
    this.#terminal.say(`ready ${uri}`, ...others, ...next.map((step) => `next: ${step}`));
  }

  #medium({ state, message, hints, progress }: ServerEvent & { event: "medium" }): void {
    if (state === "left") this.#forget();
    if (state === "refused") this.#terminal.warning(message, hints);
    else this.#terminal.info(message);
    if (progress !== undefined) this.#terminal.info(summary(progress));
  }

  /** What is known of one medium says nothing of the next. */
  #forget(): void {
    this.#terminal.clearStatus();
    this.#meter = new RateMeter();
    this.#latest = undefined;
    this.#printed = undefined;
  }

  #note(progress: Progress): void {
    this.#latest = progress;
    this.#meter.add(progress, shares(progress).missing);
    if (this.#isStatusDue) this.printStatus();
  }

  #progress(progress: Progress): void {
    if (this.#terminal.isLive) {
      return this.#terminal.status((canvas) => statusLines(this.#snapshot(), canvas));
    }
    if (this.#terminal.json) return;
    this.#printed ??= progress;
    const sinceMs = progress.elapsedMs - this.#printed.elapsedMs;
    if (sinceMs < LINE_INTERVAL_MS || !hasChanged(this.#printed, progress)) return;
    this.#printed = progress;
    this.#terminal.info(statusLine(this.#snapshot()));
  }

  /** There has been a progress event. */
  #snapshot(): StatusSnapshot {
    const { bytesPerSecond, averageBytesPerSecond, remainingMs, sinceGoodMs } = this.#meter;
    return {
      name: this.#name,
      progress: this.#latest!,
      bytesPerSecond,
      averageBytesPerSecond,
      remainingMs,
      sinceGoodMs,
    };
  }
}

function hasChanged(before: Progress, now: Progress): boolean {
  return before.deviceReads !== now.deviceReads || before.clients !== now.clients ||
    before.totals.some((total, status) => total !== now.totals[status]);
}
