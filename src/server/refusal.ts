// While there is nothing to serve: clients are accepted and refused with a sentence, so that nobody hangs.
// Main thread.
import { SharedState } from "../shared/shared_state.ts";
import { SharedText } from "../shared/shared_text.ts";
import type { Run } from "./run.ts";
import { sessionObserver } from "./session_events.ts";
import { REPLACEMENTS, SessionPool } from "./session_pool.ts";

/** A refusal takes no time: few sessions are enough, also beside clients that say nothing. */
const MAX_SESSIONS = 4;

/** How long a client may wait for a medium, milliseconds: most are ready by then, and no thread is needed. */
const GRACE_MS = 500;

/** See the head of this file. */
export class Refusal {
  readonly #run: Run;
  readonly #graceMs: number;
  readonly #sentence = new SharedText();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #current: { state: SharedState; pool: SessionPool } | undefined;
  #endings: Promise<void> = Promise.resolve();

  /** @param graceMs how long the first clients wait before they are refused, milliseconds. */
  constructor(run: Run, graceMs = GRACE_MS) {
    this.#run = run;
    this.#graceMs = graceMs;
  }

  /** Refuses clients with `sentence` from now on, the first ones after a moment. */
  begin(sentence: string): void {
    this.#sentence.set(sentence);
    if (this.#current === undefined) this.#timer ??= setTimeout(() => this.#start(), this.#graceMs);
  }

  #start(): void {
    const { options, listeners, observe } = this.#run;
    const maxClients = Math.min(MAX_SESSIONS, options.maxClients);
    const state = SharedState.create(maxClients + REPLACEMENTS);
    const pool: SessionPool = new SessionPool(
      state,
      {
        state: state.buffer,
        sessions: state.sessions,
        served: this.#sentence.buffer,
        timeoutMs: options.timeoutSeconds * 1000,
        listeners: listeners.fds,
        export: { name: options.exportName, description: "" },
      },
      maxClients,
      sessionObserver(observe, () => pool.clients),
    );
    this.#current = { state, pool };
  }

  /** Refuses nobody any more. @returns when no session accepts clients. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#current !== undefined) {
      const { state, pool } = this.#current;
      this.#current = undefined;
      state.end();
      const ending = pool.end();
      void pool.ended.then(() => pool.close());
      this.#endings = Promise.all([this.#endings, ending]).then(() => {});
    }
    await this.#endings;
  }
}
