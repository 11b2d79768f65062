// The session workers: each serves one client at a time and then waits for the next. While none waits, main
// listens for a client and starts a session for it, up to the limit; of several that wait one is kept. So nobody
// pays for threads without work.
// Main thread; it only starts them, hears of them, and ends them.
import type { SharedState } from "../shared/shared_state.ts";
import { createEventFd, ringEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { POLLIN, PollSet } from "../sys/poll.ts";
import { SHUT_RD, SHUT_RDWR, shutdownSocket } from "../sys/socket.ts";
import { withTimeout } from "./with_timeout.ts";
import type { SessionInit, SessionMessage } from "../workers/session_init.ts";

/** Numbers for workers that replace ones that died; each is used once. */
export const REPLACEMENTS = 16;
/** How long a session waits for a client beside another one that does, milliseconds. */
const REST_MS = 5000;
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
}

interface Session {
  readonly worker: Worker;
  readonly number: number;
  readonly ended: Promise<void>;
  readonly endedNow: () => void;
  hasClient: boolean;
  /** Takes the next client, now or when it has been started. */
  isFree: boolean;
  /** Runs while it waits for one. */
  rest: ReturnType<typeof setTimeout> | undefined;
}

/** See the head of this file. */
export class SessionPool {
  readonly #state: SharedState;
  readonly #init: Omit<SessionInit, "session">;
  readonly #maxClients: number;
  readonly #observer: PoolObserver;
  readonly #sessions = new Set<Session>();
  /** Resolves when no worker is left; only after `end`. */
  readonly ended: Promise<void>;
  #setEnded!: () => void;
  /** Never used before. */
  #nextNumber = 0;
  /** Of sessions that have ended in peace. */
  readonly #freeNumbers: number[] = [];
  #ending = false;
  /** Watches the listeners, and what ends that. */
  readonly #door: PollSet;
  readonly #doorbell = createEventFd();
  /** While main listens: resolves when it no longer does. */
  #listening: Promise<void> | undefined;

  constructor(
    state: SharedState,
    init: Omit<SessionInit, "session">,
    maxClients: number,
    observer: PoolObserver,
  ) {
    this.#state = state;
    this.#init = init;
    this.#maxClients = maxClients;
    this.#observer = observer;
    this.ended = new Promise((resolve) => this.#setEnded = resolve);
    const watched = [...init.listeners, this.#doorbell];
    this.#door = new PollSet(watched.length);
    watched.forEach((fd, index) => this.#door.set(index, fd, POLLIN));
    this.#listenIfNobodyDoes();
  }

  /** Clients connected now. */
  get clients(): number {
    let clients = 0;
    for (const session of this.#sessions) if (session.hasClient) clients++;
    return clients;
  }

  #listenIfNobodyDoes(): void {
    this.#listening ??= this.#listen().finally(() => this.#listening = undefined);
  }

  /** Waits for clients and starts sessions for them, as long as no session does so itself. */
  async #listen(): Promise<void> {
    while (this.#mayStart) {
      await this.#door.waitElsewhere();
      // A session may have become free meanwhile, and the client is its.
      if (!this.#mayStart) return;
      this.#start();
      this.#observer.awaited?.();
    }
  }

  /** No session waits for a client, and one more is allowed. */
  get #mayStart(): boolean {
    if (this.#ending || this.#sessions.size >= this.#maxClients) return false;
    const isUsedUp = this.#nextNumber >= this.#maxClients + REPLACEMENTS;
    if (isUsedUp && this.#freeNumbers.length === 0) return false;
    return this.#free === 0;
  }

  /** Sessions that take the next client. */
  get #free(): number {
    let free = 0;
    for (const { isFree } of this.#sessions) if (isFree) free++;
    return free;
  }

  /** It has been waiting for a while, and another one does as well. */
  #dismiss(session: Session): void {
    if (this.#ending || !session.isFree || this.#free < 2) return;
    session.isFree = false;
    this.#state.setDismissed(session.number, true);
    ringEventFd(this.#state.eventFd(session.number));
  }

  #start(): void {
    const number = this.#freeNumbers.pop() ?? this.#nextNumber++;
    if (this.#state.eventFd(number) < 0) this.#state.setEventFd(number, createEventFd());
    const worker = new Worker(new URL("../workers/session.ts", import.meta.url), {
      type: "module",
      name: `session ${number}`,
    });
    const { promise: ended, resolve: endedNow } = Promise.withResolvers<void>();
    const session: Session = {
      worker,
      number,
      ended,
      endedNow,
      hasClient: false,
      isFree: false,
      rest: undefined,
    };
    this.#sessions.add(session);
    this.#setFree(session);
    worker.onmessage = ({ data }: MessageEvent<SessionMessage>) => this.#hear(session, data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#bury(session, event.message);
    };
    worker.postMessage({ ...this.#init, session: number } satisfies SessionInit);
  }

  #hear(session: Session, message: SessionMessage): void {
    switch (message.type) {
      case "busy":
        session.hasClient = true;
        this.#observer.connected();
        this.#setOccupied(session);
        break;
      case "left":
        session.hasClient = false;
        this.#setFree(session);
        this.#observer.left(message.message);
        break;
      case "occupied":
        this.#setOccupied(session);
        break;
      case "free":
        this.#setFree(session);
        break;
      case "warning":
        this.#observer.warned(message.message, message.hints);
        break;
      case "ended":
        session.worker.terminate();
        session.endedNow();
        if (!this.#ending) this.#reuse(session);
    }
  }

  #setFree(session: Session): void {
    session.isFree = true;
    if (!this.#ending) session.rest = setTimeout(() => this.#dismiss(session), REST_MS);
  }

  #setOccupied(session: Session): void {
    session.isFree = false;
    clearTimeout(session.rest);
    this.#listenIfNobodyDoes();
  }

  /** It was dismissed and has ended, with nothing on its way: its number is as good as new. */
  #reuse(session: Session): void {
    this.#sessions.delete(session);
    clearTimeout(session.rest);
    this.#state.setDismissed(session.number, false);
    this.#freeNumbers.push(session.number);
    this.#listenIfNobodyDoes();
  }

  /** Its client is cut off; another worker with a number of its own takes its place. */
  #bury(session: Session, error: string): void {
    this.#sessions.delete(session);
    clearTimeout(session.rest);
    let socket = -1;
    this.#state.withSocket(session.number, (fd) => socket = fd);
    this.#state.retractSocket(session.number);
    if (socket >= 0) closeFd(socket);
    session.endedNow();
    this.#observer.died(error);
    this.#listenIfNobodyDoes();
  }

  /**
   * Ends all sessions: clients get ESHUTDOWN and a closed connection. The phase is ENDING already.
   * @returns when all have ended, or after POLITE_MS + FIRM_MS with some of them stuck.
   */
  async end(): Promise<void> {
    this.#ending = true;
    ringEventFd(this.#doorbell);
    void Promise.all(this.#endings()).then(this.#setEnded);
    for (const { number, rest } of this.#sessions) {
      // The descriptor that it would ring may soon be another file's.
      clearTimeout(rest);
      ringEventFd(this.#state.eventFd(number));
      this.#state.withSocket(number, (fd) => shutdownSocket(fd, SHUT_RD));
    }
    if (await this.#allEnded(POLITE_MS)) return;
    for (const { number } of this.#sessions) {
      this.#state.withSocket(number, (fd) => shutdownSocket(fd, SHUT_RDWR));
    }
    await this.#allEnded(FIRM_MS);
  }

  /** Gives back what the sessions were woken with. To be called once neither they nor the reader run. */
  close(): void {
    for (let number = 0; number < this.#nextNumber; number++) closeFd(this.#state.eventFd(number));
    closeFd(this.#doorbell);
  }

  #allEnded(timeoutMs: number): Promise<boolean> {
    return withTimeout(Promise.all(this.#endings()), timeoutMs);
  }

  #endings(): (Promise<void> | undefined)[] {
    return [this.#listening, ...Array.from(this.#sessions, ({ ended }) => ended)];
  }
}
