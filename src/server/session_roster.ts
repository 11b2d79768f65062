// Which sessions there are, which of them take the next client, and whether main listens for one: the decisions
// of the session pool as a pure state machine. Each event changes the state and says what to do, in one step, so
// that no event can come between a decision and its state. SessionPool carries the actions out.
import { assert } from "../base/assert.ts";

/** What the pool does because of an event. */
export type RosterAction =
  /** Main waits for a client to come; `clientCame` follows, once. */
  | { readonly do: "listen" }
  /** Ends a wait that is under way; `clientCame` still follows. */
  | { readonly do: "stop listening" }
  /** Starts a worker with this number. */
  | { readonly do: "start"; readonly session: number }
  /** The session waits for a client from now on: `rested` follows after a while, unless it becomes busy. */
  | { readonly do: "rest"; readonly session: number }
  /** `rested` does not follow any more. */
  | { readonly do: "stop resting"; readonly session: number }
  /** The session ends when it can; `ended` follows. */
  | { readonly do: "dismiss"; readonly session: number };

interface State {
  /** It serves a client. */
  hasClient: boolean;
  /** It takes the next client, now or when it has been started. */
  isFree: boolean;
  /** It has been told to end, and does so once it has no client. */
  isDismissed: boolean;
}

/** See the head of this file. Sessions are known by their numbers. */
export class SessionRoster {
  readonly #maxSessions: number;
  readonly #maxNumbers: number;
  readonly #sessions = new Map<number, State>();
  /** Numbers used so far. */
  #numbers = 0;
  /** Of sessions that have ended in peace. */
  readonly #freeNumbers: number[] = [];
  #isListening = false;
  #isEnding = false;

  /** @param maxNumbers of workers; the number of one that died is not used again. */
  constructor(maxSessions: number, maxNumbers: number) {
    this.#maxSessions = maxSessions;
    this.#maxNumbers = maxNumbers;
  }

  /** All that the decisions depend on, as a text: equal texts, equal decisions. */
  get description(): string {
    return JSON.stringify([
      [...this.#sessions].sort(([one], [other]) => one - other),
      this.#numbers,
      this.#freeNumbers,
      this.#isListening,
      this.#isEnding,
    ]);
  }

  /** Clients that are served now. */
  get clients(): number {
    let clients = 0;
    for (const { hasClient } of this.#sessions.values()) if (hasClient) clients++;
    return clients;
  }

  /** Numbers used so far are below this. */
  get numbers(): number {
    return this.#numbers;
  }

  /** Main begins to serve. */
  begin(): RosterAction[] {
    return this.#listen();
  }

  /** The wait that `listen` began is over: a client has come, unless a session has taken it already. */
  clientCame(): RosterAction[] {
    assert(this.#isListening, "a wait has ended that nobody began");
    this.#isListening = false;
    if (!this.#mayStart) return [];
    const session = this.#freeNumbers.pop() ?? this.#numbers++;
    this.#sessions.set(session, { hasClient: false, isFree: true, isDismissed: false });
    return [{ do: "start", session }, { do: "rest", session }];
  }

  /** It has a client. */
  busy(session: number): RosterAction[] {
    this.#state(session).hasClient = true;
    return this.occupied(session);
  }

  /** Its client has left. */
  left(session: number): RosterAction[] {
    this.#state(session).hasClient = false;
    return this.free(session);
  }

  /** It takes no client. */
  occupied(session: number): RosterAction[] {
    this.#state(session).isFree = false;
    return [{ do: "stop resting", session }, ...this.#listen()];
  }

  /** It takes the next client. */
  free(session: number): RosterAction[] {
    const state = this.#state(session);
    // It may have taken a client while it was being dismissed.
    if (this.#isEnding || state.isDismissed) return [];
    state.isFree = true;
    return [{ do: "rest", session }];
  }

  /** It has waited for a client for a while: another that waits as well is enough. */
  rested(session: number): RosterAction[] {
    const state = this.#state(session);
    if (this.#isEnding || !state.isFree || this.#free < 2) return [];
    state.isFree = false;
    state.isDismissed = true;
    return [{ do: "dismiss", session }, ...this.#listen()];
  }

  /** It has ended with nothing of it under way: its number is as good as new. */
  ended(session: number): RosterAction[] {
    if (this.#isEnding) return [];
    this.#remove(session);
    this.#freeNumbers.push(session);
    return [{ do: "stop resting", session }, ...this.#listen()];
  }

  /** Its worker has died of an error; requests of it may still be under way. */
  died(session: number): RosterAction[] {
    this.#remove(session);
    return [{ do: "stop resting", session }, ...this.#listen()];
  }

  /** No session is started any more. */
  end(): RosterAction[] {
    this.#isEnding = true;
    const actions: RosterAction[] = this.#isListening ? [{ do: "stop listening" }] : [];
    for (const session of this.#sessions.keys()) actions.push({ do: "stop resting", session });
    return actions;
  }

  #listen(): RosterAction[] {
    if (this.#isListening || !this.#mayStart) return [];
    this.#isListening = true;
    return [{ do: "listen" }];
  }

  /** No session waits for a client, and one more is allowed. */
  get #mayStart(): boolean {
    if (this.#isEnding || this.#sessions.size >= this.#maxSessions) return false;
    if (this.#numbers >= this.#maxNumbers && this.#freeNumbers.length === 0) return false;
    return this.#free === 0;
  }

  get #free(): number {
    let free = 0;
    for (const { isFree } of this.#sessions.values()) if (isFree) free++;
    return free;
  }

  #state(session: number): State {
    const state = this.#sessions.get(session);
    assert(state !== undefined, "a session that is not in the pool");
    return state;
  }

  #remove(session: number): void {
    assert(this.#sessions.delete(session), "a session that is not in the pool");
  }
}
