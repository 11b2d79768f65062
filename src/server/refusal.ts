// While there is nothing to serve: clients are accepted and refused with a sentence, so that nobody hangs.
// Main thread. Each sentence has sessions of its own, since a worker that waits for clients hears nothing else.
import { SharedState } from "../shared/shared_state.ts";
import type { Run } from "./generation.ts";
import { sessionObserver } from "./session_events.ts";
import { REPLACEMENTS, SessionPool } from "./session_pool.ts";

/** A refusal takes no time: few sessions are enough, also beside clients that say nothing. */
const MAX_SESSIONS = 4;

/** See the head of this file. */
export class Refusal {
  readonly #run: Run;
  #sentence = "";
  #current: { state: SharedState; pool: SessionPool } | undefined;
  #endings: Promise<void> = Promise.resolve();

  constructor(run: Run) {
    this.#run = run;
  }

  /** Refuses clients with `sentence` from now on. */
  begin(sentence: string): void {
    if (this.#current !== undefined && this.#sentence === sentence) return;
    void this.end();
    const { options, listeners, observe } = this.#run;
    const maxClients = Math.min(MAX_SESSIONS, options.maxClients);
    const state = SharedState.create(maxClients + REPLACEMENTS);
    const pool: SessionPool = new SessionPool(
      state,
      {
        state: state.buffer,
        sessions: state.sessions,
        served: sentence,
        timeoutMs: options.timeoutSeconds * 1000,
        listeners: listeners.fds,
        export: { name: options.exportName, description: "" },
      },
      maxClients,
      sessionObserver(observe, () => pool.clients),
    );
    this.#current = { state, pool };
    this.#sentence = sentence;
  }

  /** Refuses nobody any more. @returns when no session accepts clients, and all is given back that can be. */
  async end(): Promise<void> {
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
