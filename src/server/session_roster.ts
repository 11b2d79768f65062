// Which sessions there are, and which client each of them gets: the decisions of the session pool as a pure state
// machine. Each event changes the state and says what to do, in one step, so that no event can come between a
// decision and its state. SessionPool carries the actions out.
import { assert } from "../base/assert.ts";

/** What the pool does because of an event. */
export type RosterAction =
  /** Starts a worker with this number; `started`, `refused` or `died` follows. */
  | { readonly do: "start"; readonly session: number }
  /** The session serves the client; `idle` or `left` follows. */
  | { readonly do: "serve"; readonly session: number; readonly client: number }
  /** The session has nothing to do from now on: `rested` follows after a while, unless it is to serve. */
  | { readonly do: "rest"; readonly session: number }
  /** `rested` does not follow any more. */
  | { readonly do: "stop resting"; readonly session: number }
  /** The session ends when it can; `ended` follows. */
  | { readonly do: "dismiss"; readonly session: number };

/** `occupied`: it has no client, but the device still works on requests of the last one. */
type State = "starting" | "free" | "serving" | "occupied" | "dismissed";

/**
 * Decides which sessions exist and which client each one gets. No I/O. Sessions and clients are
 * known by their numbers.
 */
export class SessionRoster {
  readonly #maxSessions: number;
  readonly #maxNumbers: number;
  readonly #sessions = new Map<number, State>();
  /** Clients that have asked for something and have no session, in the order in which they have asked. */
  readonly #callers = new Set<number>();
  /** Numbers used so far. */
  #numbers = 0;
  /** Of sessions that have ended in peace. */
  readonly #freeNumbers: number[] = [];
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
      [...this.#callers],
      this.#numbers,
      this.#freeNumbers,
      this.#isEnding,
    ]);
  }

  /** A client negotiates, and will soon ask for something: a session is ready for it then. */
  expect(): RosterAction[] {
    return this.#count("free") + this.#count("starting") === 0 ? this.#start() : [];
  }

  /** A client has asked for something. */
  call(client: number): RosterAction[] {
    assert(!this.#callers.has(client), "a client that has called already");
    this.#callers.add(client);
    return [...this.#serveCallers(), ...this.#startForCallers()];
  }

  /** A client that has called has gone. @returns false when it has a session. */
  withdraw(client: number): boolean {
    return this.#callers.delete(client);
  }

  /** Its worker runs. */
  started(session: number): RosterAction[] {
    return this.#free(session);
  }

  /** Its worker cannot be started now. Callers wait for others, or for `retry`. */
  refused(session: number): RosterAction[] {
    this.#remove(session);
    this.#freeNumbers.push(session);
    return [];
  }

  /** Starts that were refused may succeed now. */
  retry(): RosterAction[] {
    return this.#startForCallers();
  }

  /** It has no client any more. @param isFree false: the device still works on much of what that has left. */
  finished(session: number, isFree: boolean): RosterAction[] {
    if (isFree) return this.#free(session);
    this.#set(session, "occupied");
    return this.#startForCallers();
  }

  /** After `finished` without being free: it is so now. */
  free(session: number): RosterAction[] {
    return this.#free(session);
  }

  /** It has had nothing to do for a while: another one that has not is enough. */
  rested(session: number): RosterAction[] {
    if (this.#isEnding || this.#state(session) !== "free" || this.#count("free") < 2) return [];
    this.#set(session, "dismissed");
    return [{ do: "dismiss", session }];
  }

  /** It has ended with nothing of it under way: its number is as good as new. */
  ended(session: number): RosterAction[] {
    if (this.#isEnding) return [];
    this.#remove(session);
    this.#freeNumbers.push(session);
    return this.#startForCallers();
  }

  /** Its worker has died of an error; requests of it may still be under way. */
  died(session: number): RosterAction[] {
    this.#remove(session);
    return [{ do: "stop resting", session }, ...this.#startForCallers()];
  }

  /** No session is started any more, and none gets a client. */
  end(): RosterAction[] {
    this.#isEnding = true;
    this.#callers.clear();
    return Array.from(this.#sessions.keys(), (session) => ({ do: "stop resting", session }));
  }

  #free(session: number): RosterAction[] {
    this.#set(session, "free");
    if (this.#isEnding) return [];
    const actions = this.#serveCallers();
    return actions.length > 0 ? actions : [{ do: "rest", session }];
  }

  #serveCallers(): RosterAction[] {
    const actions: RosterAction[] = [];
    for (const [session, state] of this.#sessions) {
      const [client] = this.#callers;
      if (client === undefined || this.#isEnding) break;
      if (state !== "free") continue;
      this.#callers.delete(client);
      this.#set(session, "serving");
      actions.push({ do: "stop resting", session }, { do: "serve", session, client });
    }
    return actions;
  }

  /** As many as there are callers, those that start already included. */
  #startForCallers(): RosterAction[] {
    const actions: RosterAction[] = [];
    while (this.#count("starting") < this.#callers.size) {
      const more = this.#start();
      if (more.length === 0) break;
      actions.push(...more);
    }
    return actions;
  }

  /** Nothing when no more are allowed. */
  #start(): RosterAction[] {
    if (this.#isEnding || this.#sessions.size >= this.#maxSessions) return [];
    if (this.#numbers >= this.#maxNumbers && this.#freeNumbers.length === 0) return [];
    const session = this.#freeNumbers.pop() ?? this.#numbers++;
    this.#sessions.set(session, "starting");
    return [{ do: "start", session }];
  }

  #count(wanted: State): number {
    let count = 0;
    for (const state of this.#sessions.values()) if (state === wanted) count++;
    return count;
  }

  #state(session: number): State {
    const state = this.#sessions.get(session);
    assert(state !== undefined, "a session that is not in the pool");
    return state;
  }

  #set(session: number, state: State): void {
    assert(this.#sessions.has(session), "a session that is not in the pool");
    this.#sessions.set(session, state);
  }

  #remove(session: number): void {
    assert(this.#sessions.delete(session), "a session that is not in the pool");
  }
}
