// The session workers: each serves one client at a time and then waits for the next. While none waits, main
// listens for a client and starts a session for it, up to the limit; of several that wait one is kept. So nobody
// pays for threads without work. What is to be done SessionRoster decides; here it is done.
// Main thread; it only starts them, hears of them, and ends them.
import type { SharedState } from "../shared/shared_state.ts";
import { createEventFd, ringEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { POLLIN, PollSet } from "../sys/poll.ts";
import { SHUT_RD, SHUT_RDWR, shutdownSocket } from "../sys/socket.ts";
import { type RosterAction, SessionRoster } from "./session_roster.ts";
import { withTimeout } from "./with_timeout.ts";
import type { SessionInit, SessionMessage } from "../workers/session_init.ts";

/** Numbers for workers that replace ones that died; each is used once. */
export const REPLACEMENTS = 16;
/** How long a session waits for a client beside another one that does, milliseconds. */
const REST_MS = 5000;
/** How long a client waits before it is looked anew whether a session can be started for it, milliseconds. */
const SHORT_MS = 500;
/** How long sessions may take to tell their clients that it is over, milliseconds. */
const POLITE_MS = 1000;
/** ... and how long after that their sockets are shut in both directions. */
const FIRM_MS = 500;

/** What happens in the pool. */
export interface PoolObserver {
  /** A client has come, and a session is being started for it. */
  awaited?(): void;
  connected(): void;
  /** `message` says why, when there is something to say. */
  left(message: string): void;
  warned(message: string, hints: readonly string[]): void;
  /** A worker has died of an error of ours; it is replaced. */
  died(error: string): void;
  /** What there is too little of to serve one more client; undefined: nothing. */
  missing(): string | undefined;
}

interface Session {
  readonly number: number;
  readonly ended: Promise<void>;
  readonly endedNow: () => void;
  /** Runs while it waits for a client. */
  rest: ReturnType<typeof setTimeout> | undefined;
}

/** See the head of this file. */
export class SessionPool {
  readonly #state: SharedState;
  readonly #init: Omit<SessionInit, "session">;
  readonly #observer: PoolObserver;
  readonly #roster: SessionRoster;
  readonly #sessions = new Map<number, Session>();
  /** Resolves when no worker is left; only after `end`. */
  readonly ended: Promise<void>;
  #setEnded!: () => void;
  #ending = false;
  readonly #endingBegins = Promise.withResolvers<void>();
  /** Watches the listeners, and what ends that. */
  readonly #door: PollSet;
  readonly #doorbell = createEventFd();
  /** The last wait for a client. Only `end` waits for it: whether main listens is for the roster to say. */
  #lastWait: Promise<void> = Promise.resolve();

  constructor(
    state: SharedState,
    init: Omit<SessionInit, "session">,
    maxClients: number,
    observer: PoolObserver,
  ) {
    this.#state = state;
    this.#init = init;
    this.#observer = observer;
    this.#roster = new SessionRoster(maxClients, maxClients + REPLACEMENTS);
    this.ended = new Promise((resolve) => this.#setEnded = resolve);
    const watched = [...init.listeners, this.#doorbell];
    this.#door = new PollSet(watched.length);
    watched.forEach((fd, index) => this.#door.set(index, fd, POLLIN));
    this.#act(this.#roster.begin());
  }

  /** Clients connected now. */
  get clients(): number {
    return this.#roster.clients;
  }

  #act(actions: readonly RosterAction[]): void {
    for (const action of actions) this.#carryOut(action);
  }

  #carryOut(action: RosterAction): void {
    switch (action.do) {
      case "listen":
        this.#lastWait = this.#awaitClient();
        break;
      case "stop listening":
        ringEventFd(this.#doorbell);
        break;
      case "start":
        this.#start(action.session);
        this.#observer.awaited?.();
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
        ringEventFd(this.#state.eventFd(action.session));
    }
  }

  async #awaitClient(): Promise<void> {
    await this.#door.waitElsewhere();
    await this.#roomForSession();
    this.#act(this.#roster.clientCame());
  }

  /** The client waits meanwhile, or a session that becomes free takes it. */
  async #roomForSession(): Promise<void> {
    let missing = this.#observer.missing();
    if (missing !== undefined && !this.#ending) {
      this.#observer.warned(`a client waits: there are too few ${missing} to serve one more`, [
        "it is served when another one leaves, or when there is more of that",
      ]);
    }
    while (missing !== undefined && !this.#ending) {
      await withTimeout(this.#endingBegins.promise, SHORT_MS);
      // Somebody has taken the client.
      if (!this.#door.isReady()) return;
      missing = this.#observer.missing();
    }
  }

  #start(number: number): void {
    if (this.#state.eventFd(number) < 0) this.#state.setEventFd(number, createEventFd());
    const worker = new Worker(new URL("../workers/session.ts", import.meta.url), {
      type: "module",
      name: `session ${number}`,
    });
    const { promise: ended, resolve: endedNow } = Promise.withResolvers<void>();
    const session: Session = { number, ended, endedNow, rest: undefined };
    this.#sessions.set(number, session);
    worker.onmessage = ({ data }: MessageEvent<SessionMessage>) => this.#hear(session, data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#bury(session, event.message);
    };
    worker.postMessage({ ...this.#init, session: number } satisfies SessionInit);
  }

  #hear(session: Session, message: SessionMessage): void {
    const { number } = session;
    if (this.#sessions.get(number) !== session) return;
    switch (message.type) {
      case "busy":
        this.#act(this.#roster.busy(number));
        this.#observer.connected();
        break;
      case "left":
        this.#act(this.#roster.left(number));
        this.#observer.left(message.message);
        break;
      case "occupied":
        this.#act(this.#roster.occupied(number));
        break;
      case "free":
        this.#act(this.#roster.free(number));
        break;
      case "warning":
        this.#observer.warned(message.message, message.hints);
        break;
      case "ended":
        session.endedNow();
        if (this.#ending) break;
        this.#state.setDismissed(number, false);
        this.#act(this.#roster.ended(number));
        this.#sessions.delete(number);
    }
  }

  /** Its client is cut off; another worker with a number of its own takes its place. */
  #bury({ number, endedNow }: Session, error: string): void {
    let socket = -1;
    this.#state.withSocket(number, (fd) => socket = fd);
    this.#state.retractSocket(number);
    if (socket >= 0) closeFd(socket);
    endedNow();
    this.#act(this.#roster.died(number));
    this.#sessions.delete(number);
    this.#observer.died(error);
  }

  /**
   * Ends all sessions: clients get ESHUTDOWN and a closed connection. The phase is ENDING already.
   * @returns when all have ended, or after POLITE_MS + FIRM_MS with some of them stuck.
   */
  async end(): Promise<void> {
    this.#ending = true;
    this.#endingBegins.resolve();
    // What rests must not ring later: its descriptor may soon be another file's.
    this.#act(this.#roster.end());
    void Promise.all(this.#endings()).then(this.#setEnded);
    for (const number of this.#sessions.keys()) {
      ringEventFd(this.#state.eventFd(number));
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
    for (let number = 0; number < this.#roster.numbers; number++) {
      closeFd(this.#state.eventFd(number));
    }
    closeFd(this.#doorbell);
  }

  #allEnded(timeoutMs: number): Promise<boolean> {
    return withTimeout(Promise.all(this.#endings()), timeoutMs);
  }

  #endings(): Promise<void>[] {
    return [this.#lastWait, ...Array.from(this.#sessions.values(), ({ ended }) => ended)];
  }
}
