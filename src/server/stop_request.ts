// The user's wish to stop: SIGINT, SIGTERM or SIGHUP, or a limit that is reached. The first one ends the run in
// order, a second SIGINT at once.
import { EXIT_INTERRUPTED } from "../base/exit_codes.ts";
import type { StopReason, StopSignal } from "./run_end.ts";

/** SIGHUP: the terminal has gone. Ends in order, as the map is worth more than the messages. */
const SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Listens for the signals until it is disposed of. Main thread. */
export class StopRequest implements Disposable {
  /** Resolves with the first of them. */
  readonly requested: Promise<StopReason>;
  /** Ends the run as if a signal had come. */
  readonly stop: (reason: StopReason) => void;
  readonly #listeners: readonly (readonly [signal: StopSignal, listener: () => void])[];
  #interrupted = false;

  /** @param survivesHangUp SIGHUP is ignored. It needs a listener: Deno's own would end the program. */
  constructor(survivesHangUp: boolean) {
    const { promise, resolve } = Promise.withResolvers<StopReason>();
    this.requested = promise;
    this.stop = resolve;
    this.#listeners = SIGNALS.map((signal) =>
      [signal, () => {
        if (signal === "SIGINT") this.#noteInterrupt();
        if (signal !== "SIGHUP" || !survivesHangUp) resolve(signal);
      }] as const
    );
    for (const [signal, listener] of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }

  #noteInterrupt(): void {
    // Whatever the run was asked for: its end has not been waited for, the last save neither.
    if (this.#interrupted) Deno.exit(EXIT_INTERRUPTED);
    this.#interrupted = true;
  }
}
