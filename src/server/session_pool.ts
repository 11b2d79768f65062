// The session workers: each serves one client at a time. A client that asks for something gets a free one or a new
// one. When more than one has been free for a while, the pool ends all but one: each costs memory. SessionRoster
// decides, and the pool carries out its decisions. Main thread.
import { settleBudget } from "../shared/memory_budget.ts";
import { type SharedState } from "../shared/shared_state.ts";
import { createEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { trimHeaps } from "../sys/memory.ts";
import { SHUT_RD, SHUT_RDWR, shutdownSocket } from "../sys/socket.ts";
import { CausesSaid } from "./client_events.ts";
import type { Client } from "./guest.ts";
import { type RosterAction, SessionRoster } from "./session_roster.ts";
import { type Serving, sessionInit } from "./serving.ts";
import { Thread } from "./thread.ts";
import { withTimeout } from "./with_timeout.ts";
import type { SessionInit, SessionMessage } from "../workers/session_init.ts";

/** Time from the end of a session until main returns its memory to the system, milliseconds. */
const TRIM_MS = 1_000;
/** Numbers for workers that replace ones that died; each is used once. */
export const REPLACEMENTS = 16;
/** How long a session waits for a client beside another one that does, milliseconds. */
const REST_MS = 5000;
/** How long it takes until a session that could not be started is tried again, milliseconds. */
const SHORT_MS = 500;
/** How long a client that asks for something waits for a session at most, milliseconds. */
const CALL_MS = 30_000;
/** How long sessions may take to tell their clients that it is over, milliseconds. */
const POLITE_MS = 1000;
/** ... and how long after that their sockets are shut in both directions. */
const FIRM_MS = 500;

/** What happens in the pool. */
export interface PoolObserver {
  /** The pool starts a session: a client will soon send a request. */
  begun(): void;
  /** A client has been silent for a while: its socket is the caller's again. */
  idle(client: Client): void;
  /** A client has gone, and its socket is closed; `message` says why, when there is something to say. */
  left(client: Client, message: string): void;
  warned(message: string, hints: readonly string[]): void;
  /** A worker has died of an error of ours; it is replaced. */
  died(error: string): void;
  /** Names the resource that is too scarce to start one more session; undefined: there is enough. */
  missing(): string | undefined;
}

interface Caller {
  readonly client: Client;
  readonly sinceMs: number;
}

interface Session {
  readonly number: number;
  readonly thread: Thread<SessionInit, SessionMessage>;
  client: Client | undefined;
  /** Runs while it has nothing to do. */
  rest: ReturnType<typeof setTimeout> | undefined;
}

/** The session workers, each of which serves one client at a time. Main thread. */
export class SessionPool {
  readonly #state: SharedState;
  readonly #serving: Serving;
  readonly #observer: PoolObserver;
  readonly #roster: SessionRoster;
  readonly #sessions = new Map<number, Session>();
  /** Clients that wait for a session, by their numbers. */
  readonly #callers = new Map<number, Caller>();
  /** Resolves when no worker is left; only after `end`. */
  readonly ended: Promise<void>;
  #setEnded!: () => void;
  readonly #causes = new CausesSaid();
  #ending = false;
  /** Runs while sessions cannot be started that clients wait for. */
  #shortage: ReturnType<typeof setTimeout> | undefined;

  constructor(
    serving: Serving,
    maxSessions: number,
    observer: PoolObserver,
  ) {
    this.#state = serving.state;
    this.#serving = serving;
    this.#observer = observer;
    this.#roster = new SessionRoster(maxSessions, maxSessions + REPLACEMENTS);
    this.ended = new Promise((resolve) => this.#setEnded = resolve);
  }

  /** A client will soon send a request. */
  expect(): void {
    this.#act(this.#roster.expect());
  }

  /** A client asks for something: `idle` or `left` says what becomes of it. */
  serve(client: Client): void {
    this.#callers.set(client.id, { client, sinceMs: performance.now() });
    this.#act(this.#roster.call(client.id));
  }

  /** Clients that have a session, with its number. */
  *served(): Iterable<readonly [Client, number]> {
    for (const { client, number } of this.#sessions.values()) {
      if (client !== undefined) yield [client, number];
    }
  }

  /** Ends the connection of a client that asks for something. */
  cut(client: Client): void {
    if (this.#roster.withdraw(client.id)) {
      this.#callers.delete(client.id);
      closeFd(client.socket);
      return this.#observer.left(client, "");
    }
    for (const [served, number] of this.served()) {
      if (served === client) {
        this.#state.withSocket(number, (fd) => shutdownSocket(fd, SHUT_RDWR));
      }
    }
  }

  #act(actions: readonly RosterAction[]): void {
    for (const action of actions) this.#carryOut(action);
  }

  #carryOut(action: RosterAction): void {
    switch (action.do) {
      case "start":
        this.#startIfPossible(action.session);
        break;
      case "serve":
        this.#assign(this.#sessions.get(action.session)!, this.#callers.get(action.client)!.client);
        break;
      case "rest":
        this.#sessions.get(action.session)!.rest = setTimeout(
          () => this.#act(this.#roster.rested(action.session)),
          REST_MS,
        );
        break;
      case "stop resting":
        clearTimeout(this.#sessions.get(action.session)?.rest);
        break;
      case "dismiss":
        this.#state.setDismissed(action.session, true);
        this.#state.wakeSession(action.session);
    }
  }

  #assign(session: Session, client: Client): void {
    this.#callers.delete(client.id);
    session.client = client;
    this.#state.assign(session.number, client.socket, client.negotiated);
    this.#state.wakeSession(session.number);
  }

  #startIfPossible(number: number): void {
    const missing = this.#observer.missing();
    if (missing === undefined) {
      this.#start(number);
      return this.#observer.begun();
    }
    this.#act(this.#roster.refused(number));
    if (this.#callers.size === 0 || this.#shortage !== undefined) return;
    this.#observer.warned(`a client waits: there are too few ${missing} to serve one more`, [
      "it is served when another one leaves, or when there is more of that",
    ]);
    this.#shortage = setTimeout(() => this.#tryAgain(), SHORT_MS);
  }

  /** Until all have a session, or have waited for too long. */
  #tryAgain(): void {
    for (const { client, sinceMs } of [...this.#callers.values()]) {
      if (performance.now() - sinceMs > CALL_MS) this.cut(client);
    }
    if (this.#callers.size > 0) this.#shortage = setTimeout(() => this.#tryAgain(), SHORT_MS);
    this.#act(this.#roster.retry());
    if (this.#callers.size > 0) return;
    clearTimeout(this.#shortage);
    this.#shortage = undefined;
  }

  #start(number: number): void {
    this.#state.setEventFd(number, createEventFd());
    const entry = new URL("../workers/session.ts", import.meta.url);
    const thread = new Thread<SessionInit, SessionMessage>(entry, `session ${number}`, {
      heard: (message) => this.#hear(session, message),
      ended: (error) => error === undefined ? this.#leave(session) : this.#bury(session, error),
    }, this.#serving.users);
    const session: Session = { number, thread, client: undefined, rest: undefined };
    this.#sessions.set(number, session);
    thread.order(sessionInit(this.#serving, number));
  }

  #hear(session: Session, message: Exclude<SessionMessage, { type: "ended" }>): void {
    const { number, client } = session;
    switch (message.type) {
      case "ready":
        this.#act(this.#roster.started(number));
        break;
      case "idle":
      case "left":
        session.client = undefined;
        this.#act(this.#roster.finished(number, message.isFree));
        if (message.type === "idle") this.#observer.idle(client!);
        else this.#observer.left(client!, message.message);
        break;
      case "free":
        this.#act(this.#roster.free(number));
        break;
      case "warning":
        this.#observer.warned(message.message, message.hints);
        break;
      case "violation":
        if (this.#causes.isNew(message.message)) {
          this.#observer.warned(`a client was disconnected: ${message.message}`, []);
        }
    }
  }

  /** It was dismissed, or the run ends: then `close` follows. */
  #leave({ number }: Session): void {
    if (this.#ending) return;
    this.#state.setDismissed(number, false);
    closeFd(this.#state.retractEventFd(number));
    this.#sessions.delete(number);
    this.#act(this.#roster.ended(number));
    // The thread frees the last of its memory when it has ended, in a moment.
    Deno.unrefTimer(setTimeout(trimHeaps, TRIM_MS));
  }

  /** It has died of an error of ours: its client is cut off, and a worker with a new number takes its place. */
  #bury({ number, client, rest }: Session, error: string): void {
    let socket = -1;
    this.#state.withSocket(number, (fd) => socket = fd);
    this.#state.retractSocket(number);
    if (socket >= 0) closeFd(socket);
    closeFd(this.#state.retractEventFd(number));
    settleBudget(this.#state, number);
    clearTimeout(rest);
    this.#sessions.delete(number);
    this.#act(this.#roster.died(number));
    this.#observer.died(error);
    if (client !== undefined) this.#observer.left(client, "");
  }

  /**
   * Ends all sessions: clients get ESHUTDOWN and a closed connection. The end has begun already.
   * @returns when all have ended, or after POLITE_MS + FIRM_MS with some of them stuck.
   */
  async end(): Promise<void> {
    this.#ending = true;
    clearTimeout(this.#shortage);
    // What rests must not ring later: its descriptor may soon be another file's.
    this.#act(this.#roster.end());
    for (const { client } of [...this.#callers.values()]) {
      this.#callers.delete(client.id);
      closeFd(client.socket);
      this.#observer.left(client, "");
    }
    void Promise.all(this.#endings()).then(this.#setEnded);
    for (const number of this.#sessions.keys()) {
      this.#state.wakeSession(number);
      this.#state.withSocket(number, (fd) => shutdownSocket(fd, SHUT_RD));
    }
    if (await this.#allEnded(POLITE_MS)) return;
    for (const number of this.#sessions.keys()) {
      this.#state.withSocket(number, (fd) => shutdownSocket(fd, SHUT_RDWR));
    }
    await this.#allEnded(FIRM_MS);
  }

  /** Gives back what the sessions were woken with. To be called once neither they nor the reader run. */
  close(): void {
    for (const number of this.#sessions.keys()) closeFd(this.#state.retractEventFd(number));
  }

  #allEnded(timeoutMs: number): Promise<boolean> {
    return withTimeout(Promise.all(this.#endings()), timeoutMs);
  }

  #endings(): Promise<void>[] {
    return Array.from(this.#sessions.values(), ({ thread }) => thread.ended);
  }
}
