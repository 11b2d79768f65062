// Shows the events of a run: as sentences and a status line, or as JSON. Main thread; never blocks.

import type { Progress, ServerEvent } from "../server/events.ts";
import { eventLevel, eventRecord } from "./event_record.ts";
import { PHASE_NAMES } from "./map_look.ts";
import { nextSteps } from "./next_steps.ts";
import { RunStatus } from "./run_status.ts";
import { statusLine, statusLines, summary } from "./status_line.ts";
import { isShown, type Terminal } from "./terminal.ts";

/** On a pipe: time between two lines, as long as something changes. */
const LINE_INTERVAL_MS = 30_000;

/** One run's reporter. */
export class RunReporter {
  readonly #terminal: Terminal;
  readonly #status: RunStatus;
  #printed: Progress | undefined;
  #isStatusDue = false;
  /** Seconds of the last line that said so on a pipe; undefined: nothing is waited for. */
  #waitedFor: number | undefined;
  /** Phase and pass of the last snapshot. */
  #phase: string | undefined;

  /** @param name of the device, for the status. */
  constructor(terminal: Terminal, name = "") {
    this.#terminal = terminal;
    this.#status = new RunStatus(name);
  }

  /** The run's observer. */
  readonly observe = (event: ServerEvent): void => {
    this.#status.observe(event);
    if (event.event === "progress" && this.#isStatusDue) this.printStatus();
    if (this.#terminal.json && isShown(eventLevel(event), this.#terminal.level)) {
      this.#terminal.record(eventRecord(event));
    }
    if (event.event === "progress") this.#notePhase(event.progress);
    this.#tell(event);
  };

  /** Says the latest status (the first one as soon as there is one), also on a terminal (SIGUSR1). */
  printStatus(): void {
    const { snapshot } = this.#status;
    this.#isStatusDue = snapshot === undefined;
    if (snapshot !== undefined) this.#terminal.info(statusLine(snapshot));
  }

  /** For those who wait for a phase, not for each step of it. */
  #notePhase({ phase, pass }: Progress): void {
    const now = `${phase}${pass}`;
    if (now === this.#phase) return;
    const isFirst = this.#phase === undefined;
    this.#phase = now;
    const isNews = !(isFirst && phase === null) && isShown("info", this.#terminal.level);
    if (this.#terminal.json && isNews) {
      this.#terminal.record({ event: "phase", phase: phase && PHASE_NAMES[phase], pass });
    }
  }

  #tell(event: ServerEvent): void {
    if (["ready", "medium"].includes(event.event)) this.#endWaiting();
    switch (event.event) {
      case "waiting":
        return this.#waiting(event);
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
    if (state === "left") {
      this.#terminal.clearStatus();
      this.#printed = undefined;
    }
    if (state === "refused") this.#terminal.warning(message, hints);
    else this.#terminal.info(message);
    if (progress !== undefined) this.#terminal.info(summary(progress));
  }

  #waiting({ seconds, message }: ServerEvent & { event: "waiting" }): void {
    const lastSeconds = this.#waitedFor ?? -Infinity;
    const isDue = seconds < lastSeconds || (seconds - lastSeconds) * 1000 >= LINE_INTERVAL_MS;
    if (isDue) this.#waitedFor = seconds;
    if (this.#terminal.isLive) {
      this.#terminal.status(() => [[{ text: message, color: "yellow" }]]);
    } else if (isDue && !this.#terminal.json) this.#terminal.info(message);
  }

  #endWaiting(): void {
    if (this.#waitedFor !== undefined) this.#terminal.clearStatus();
    this.#waitedFor = undefined;
  }

  #progress(progress: Progress): void {
    const snapshot = this.#status.snapshot!;
    if (this.#terminal.isLive) {
      return this.#terminal.status((canvas) => statusLines(snapshot, canvas));
    }
    if (this.#terminal.json) return;
    this.#printed ??= progress;
    const sinceMs = progress.elapsedMs - this.#printed.elapsedMs;
    if (sinceMs < LINE_INTERVAL_MS || !hasChanged(this.#printed, progress)) return;
    this.#printed = progress;
    this.#terminal.info(statusLine(snapshot));
  }
}

function hasChanged(before: Progress, now: Progress): boolean {
  return before.deviceReads !== now.deviceReads || before.clients !== now.clients ||
    before.totals.some((total, status) => total !== now.totals[status]);
}
