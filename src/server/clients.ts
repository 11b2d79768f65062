// The NBD clients of a generation: the door that lets them in, the sessions that serve them while they ask for
// something, and the way from one to the other and back. Main thread.
import { POOL_REPLIES } from "../shared/memory_budget.ts";
import { SESSION_REQUESTS, type SharedState } from "../shared/shared_state.ts";
import { Door, type DoorOptions } from "./door.ts";
import type { Client } from "./guest.ts";
import type { Serving } from "./serving.ts";
import { SessionPool } from "./session_pool.ts";

/** Milliseconds between two looks at the clients in service: one that stays idle may lose its place to another. */
const LOOK_MS = 5000;
/** Looks that a client may keep the memory of a large reply without taking any of it: a minute. */
const MOST_LOOKS = 12;

/** What happens to clients. */
export interface ClientObserver {
  /** The first client has come; further ones may have. */
  awaited(): void;
  /** A client has got the export. */
  connected(): void;
  /** A client that has had the export is no longer there. `message` says why, when there is something to say. */
  left(message: string): void;
  /** A client has not got the export. */
  dismissed(message: string): void;
  warned(message: string, hints: readonly string[]): void;
  /** Names the resource that is too scarce to start one more session; undefined: there is enough. */
  missing(): string | undefined;
  /** A client was cut off by an error of ours. */
  failed(error: string): void;
}

/** Session numbers that clients need at most, besides REPLACEMENTS: each place may have one. */
export function sessionsFor(maxClients: number): number {
  return 2 * maxClients;
}

/**
 * The NBD clients of a generation: the door, the sessions, and the handing of clients between them.
 * Main thread.
 */
export class Clients {
  readonly #state: SharedState;
  readonly #door: Door;
  readonly #pool: SessionPool;
  readonly #looks: ReturnType<typeof setInterval>;
  /** Requests of each session at the last look. */
  readonly #requests = new Map<Client, number>();
  /** Looks in a row at which a client has kept memory and was not active. */
  readonly #idleLooks = new WeakMap<Client, number>();
  /** Resolves when no thread of a session is left; only after `end`. */
  readonly ended: Promise<unknown>;

  /** @param maxClients of each kind of socket. */
  constructor(
    serving: Serving,
    door: Omit<DoorOptions, "places">,
    maxClients: number,
    observer: ClientObserver,
  ) {
    this.#state = serving.state;
    this.#pool = new SessionPool(serving, sessionsFor(maxClients), {
      begun: () => observer.awaited(),
      idle: (client) => this.#door.rest(client),
      left: (client, message) => {
        this.#door.gone(client);
        observer.left(message);
      },
      warned: (message, hints) => observer.warned(message, hints),
      missing: () => observer.missing(),
      died: (error) => observer.failed(error),
    });
    this.#door = new Door({ ...door, places: maxClients }, {
      expected: () => this.#pool.expect(),
      entered: () => observer.connected(),
      asked: (client) => this.#pool.serve(client),
      left: (_, message) => observer.left(message),
      unwanted: (client) => this.#pool.cut(client),
      dismissed: (message) => observer.dismissed(message),
      failed: (error) => observer.failed(error instanceof Error ? error.message : String(error)),
    });
    this.#looks = setInterval(() => this.#look(), LOOK_MS);
    this.ended = Promise.all([this.#pool.ended, this.#door.ended]);
  }

  /** Those that have the export. */
  get count(): number {
    return this.#door.clients;
  }

  /** A client that neither takes replies nor waits for the device is as good as silent. */
  #look(): void {
    const before = new Map(this.#requests);
    this.#requests.clear();
    for (const [client, session] of this.#pool.served()) {
      const requests = this.#state.countOf(session, SESSION_REQUESTS);
      this.#requests.set(client, requests);
      const isActive = requests !== before.get(client) || this.#state.parkedOf(session) > 0;
      if (isActive) this.#door.active(client);
      if (this.#keepsMemory(client, session, isActive)) this.#pool.cut(client);
    }
  }

  /** It has taken nothing of a large reply for `MOST_LOOKS` looks: others need the memory. */
  #keepsMemory(client: Client, session: number, isActive: boolean): boolean {
    const { held } = this.#state.budgetWords(session, POOL_REPLIES);
    const keeps = !isActive && Atomics.load(this.#state.words, held) > 0;
    const looks = keeps ? (this.#idleLooks.get(client) ?? 0) + 1 : 0;
    this.#idleLooks.set(client, looks);
    return looks >= MOST_LOOKS;
  }

  /**
   * Ends all sessions: clients get ESHUTDOWN and a closed connection. The end has begun already.
   * @returns when all have ended, or after a while with some of them stuck.
   */
  async end(): Promise<void> {
    clearInterval(this.#looks);
    this.#door.end();
    await Promise.all([this.#pool.end(), this.#door.ended]);
  }

  /** Gives back what the sessions were woken with. To be called once neither they nor the reader run. */
  close(): void {
    this.#pool.close();
  }
}
