// The layout of the memory that main, the reader and the sessions share, besides the map.
//
// One SharedArrayBuffer for one device (one disc): a new disc gets a new one, so nothing of the old can
// leak into it. Each word has one writer unless its comment says otherwise. Words that order other memory
// are touched with Atomics; counters are plain Float64 that one thread adds to and anybody reads.

import { ringEventFd } from "../sys/eventfd.ts";
import {
  HEADER_WORDS,
  layout,
  PARKED_PER_SESSION,
  READER_COUNTERS,
  SESSION_COUNTERS,
  SESSION_WORDS,
  SLOTS_PER_SESSION,
} from "./shared_layout.ts";

export * from "./request_words.ts";
export * from "./state_counters.ts";
export { HINTS_PER_SESSION, PARKED_PER_SESSION, SLOTS_PER_SESSION } from "./shared_layout.ts";

// Header words (Int32).
/** 0, then 1 for good: it moves one way only, so racing writers are harmless. */
const ENDING = 0;
const BELL = 1;
const READER_ASLEEP = 2;
const RING_TAIL = 3;
const IMAGE_SICK = 4;
const IMAGE_DAMAGED = 5;
const CANCELLATIONS = 6;
/** Of a memory budget, one for each pool: KiB in use, and the session in front of those that wait, plus 1. */
const BUDGET_USED = 8;
const BUDGET_FIRST = 10;

// Words of a session (Int32), a cache line apart.
const SESSION_SOCKET = 0;
const SESSION_SOCKET_USERS = 1;
const SESSION_EVENT_FD = 2;
const SESSION_WAITING = 3;
const SESSION_ENDED_TAIL = 4;
const SESSION_PARKED = 5;
const SESSION_DISMISSED = 6;
const SESSION_NEGOTIATED = 7;
const SESSION_EVENT_FD_USERS = 8;
/** KiB that a session waits for, and that it has, by pool. */
const SESSION_WANTS = 9;
const SESSION_HELD = 11;

/** Views of the shared memory. Every thread makes its own over the same buffer. */
export class SharedState {
  readonly buffer: SharedArrayBuffer;
  readonly sessions: number;
  /** Int32 words; see the accessors. */
  readonly words: Int32Array;
  /** The queue's ring: slot index + 1, or 0 while the producer has not stored it yet. */
  readonly ring: Int32Array;
  /** Ended slots, PARKED_PER_SESSION for each session. */
  readonly ended: Int32Array;
  readonly slotState: Int32Array;
  readonly slotKind: Int32Array;
  readonly slotResult: Int32Array;
  readonly slotOffset: Float64Array;
  readonly slotLength: Float64Array;
  /** Address of the session's memory for bytes that the image cannot take (bounce_buffer.ts), or 0. */
  readonly slotBounce: Float64Array;
  readonly readerCounters: Float64Array;
  readonly sessionCounters: Float64Array;

  /** Makes the memory for up to `sessions` sessions. */
  static create(sessions: number): SharedState {
    const state = new SharedState(new SharedArrayBuffer(layout(sessions).bytes), sessions);
    for (let session = 0; session < sessions; session++) {
      state.words[state.#sessionWord(session, SESSION_SOCKET)] = -1;
      state.words[state.#sessionWord(session, SESSION_EVENT_FD)] = -1;
    }
    return state;
  }

  /** Views memory that another thread has made with the same number of sessions. */
  constructor(buffer: SharedArrayBuffer, sessions: number) {
    const at = layout(sessions);
    const slots = sessions * SLOTS_PER_SESSION;
    this.buffer = buffer;
    this.sessions = sessions;
    this.readerCounters = new Float64Array(buffer, at.readerCounters, READER_COUNTERS);
    this.sessionCounters = new Float64Array(
      buffer,
      at.sessionCounters,
      sessions * SESSION_COUNTERS,
    );
    this.slotOffset = new Float64Array(buffer, at.slotOffset, slots);
    this.slotLength = new Float64Array(buffer, at.slotLength, slots);
    this.slotBounce = new Float64Array(buffer, at.slotBounce, slots);
    this.words = new Int32Array(buffer, at.words, HEADER_WORDS + sessions * SESSION_WORDS);
    this.ring = new Int32Array(buffer, at.ring, at.ringSize);
    this.ended = new Int32Array(buffer, at.ended, sessions * PARKED_PER_SESSION);
    this.slotState = new Int32Array(buffer, at.slotState, slots);
    this.slotKind = new Int32Array(buffer, at.slotKind, slots);
    this.slotResult = new Int32Array(buffer, at.slotResult, slots);
  }

  /** Any thread. True for good once the end has begun: sessions answer ESHUTDOWN and end, the reader takes nothing new. */
  get ending(): boolean {
    return Atomics.load(this.words, ENDING) !== 0;
  }

  /** Begins the end. Main, or the reader whose medium has left. Wakes the reader; main wakes the sessions. */
  end(): void {
    Atomics.store(this.words, ENDING, 1);
    this.ringReader();
  }

  // --- the reader's bell --------------------------------------------------------------------------

  /** Any thread, after it has queued something or begun the end. Pairs with `sleepReader`. */
  ringReader(): void {
    Atomics.add(this.words, BELL, 1);
    if (Atomics.load(this.words, READER_ASLEEP) !== 0) Atomics.notify(this.words, BELL);
  }

  /**
   * Reader only: sleeps until the bell rings after `isIdle` has last said true, or the time is over.
   * The bell's value is read before `isIdle` looks at the queue, so a ring in between is not lost.
   */
  sleepReader(isIdle: () => boolean, timeoutMs: number): void {
    const heard = Atomics.load(this.words, BELL);
    Atomics.store(this.words, READER_ASLEEP, 1);
    if (isIdle()) Atomics.wait(this.words, BELL, heard, timeoutMs);
    Atomics.store(this.words, READER_ASLEEP, 0);
  }

  /** Reserves the next entry of the ring, for RequestQueue. @returns its index. */
  nextRingIndex(): number {
    return Atomics.add(this.words, RING_TAIL, 1) & (this.ring.length - 1);
  }

  /** The image takes no writes at the moment. The reader writes it, any thread reads it. */
  get imageSick(): boolean {
    return Atomics.load(this.words, IMAGE_SICK) !== 0;
  }
  set imageSick(sick: boolean) {
    Atomics.store(this.words, IMAGE_SICK, sick ? 1 : 0);
  }

  /** The image could not give bytes that the map claims. Sessions set it, main reads it. */
  get imageDamaged(): boolean {
    return Atomics.load(this.words, IMAGE_DAMAGED) !== 0;
  }
  noteImageDamaged(): void {
    Atomics.store(this.words, IMAGE_DAMAGED, 1);
  }

  /** Grows with each client that has left something behind, after its slots were cancelled; it may wrap. */
  get cancellations(): number {
    return Atomics.load(this.words, CANCELLATIONS);
  }
  /** Session only. Wakes the reader. */
  noteCancellation(): void {
    Atomics.add(this.words, CANCELLATIONS, 1);
    this.ringReader();
  }

  // --- sessions -----------------------------------------------------------------------------------

  #sessionWord(session: number, word: number): number {
    return HEADER_WORDS + session * SESSION_WORDS + word;
  }

  /** The eventfd that wakes a session out of poll; main sets it before the worker starts. */
  eventFd(session: number): number {
    return this.words[this.#sessionWord(session, SESSION_EVENT_FD)];
  }
  setEventFd(session: number, fd: number): void {
    Atomics.store(this.words, this.#sessionWord(session, SESSION_EVENT_FD), fd);
  }

  /** Any thread: wakes a session out of poll, if it still has an eventfd. */
  wakeSession(session: number): void {
    const users = this.#sessionWord(session, SESSION_EVENT_FD_USERS);
    Atomics.add(this.words, users, 1);
    const fd = Atomics.load(this.words, this.#sessionWord(session, SESSION_EVENT_FD));
    if (fd >= 0) ringEventFd(fd);
    Atomics.sub(this.words, users, 1);
  }
  /**
   * Main only, of a session whose thread has ended: no thread rings its eventfd any more. Spins while `wakeSession` is
   * inside, a microsecond or so.
   * @returns the eventfd, to be closed.
   */
  retractEventFd(session: number): number {
    const fd = this.eventFd(session);
    Atomics.store(this.words, this.#sessionWord(session, SESSION_EVENT_FD), -1);
    while (Atomics.load(this.words, this.#sessionWord(session, SESSION_EVENT_FD_USERS)) !== 0);
    return fd;
  }

  /** Index of the word that the session sets before it sleeps in poll; pairs with the reader's exchange. */
  waitingWord(session: number): number {
    return this.#sessionWord(session, SESSION_WAITING);
  }
  /** Index of the count of slots ever put into `ended`; the reader writes it, the session reads it. */
  endedTailWord(session: number): number {
    return this.#sessionWord(session, SESSION_ENDED_TAIL);
  }

  /** Main only: the session ends when it has no client, and nothing of one waits for the device. */
  setDismissed(session: number, dismissed: boolean): void {
    Atomics.store(this.words, this.#sessionWord(session, SESSION_DISMISSED), dismissed ? 1 : 0);
  }
  isDismissed(session: number): boolean {
    return Atomics.load(this.words, this.#sessionWord(session, SESSION_DISMISSED)) !== 0;
  }

  /** Indices of the words of a memory budget's pool; see memory_budget.ts. */
  budgetWords(session: number, pool: number) {
    return {
      used: BUDGET_USED + pool,
      first: BUDGET_FIRST + pool,
      wants: this.#sessionWord(session, SESSION_WANTS + pool),
      held: this.#sessionWord(session, SESSION_HELD + pool),
    };
  }

  /** Session only: how many of its reads wait for the device, for the status line. */
  setParked(session: number, parked: number): void {
    this.words[this.#sessionWord(session, SESSION_PARKED)] = parked;
  }
  /** Any thread: how many of a session's reads wait for the device. */
  parkedOf(session: number): number {
    return this.words[this.#sessionWord(session, SESSION_PARKED)];
  }
  /** Any thread: client reads of all sessions that wait for the device. */
  parkedReads(): number {
    let parked = 0;
    for (let session = 0; session < this.sessions; session++) {
      parked += this.words[this.#sessionWord(session, SESSION_PARKED)];
    }
    return parked;
  }

  /**
   * Main only, to a session that has no client: it serves the one at this socket once its eventfd has rung.
   * @param negotiated see nbd/negotiated.ts.
   */
  assign(session: number, socket: number, negotiated: number): void {
    Atomics.store(this.words, this.#sessionWord(session, SESSION_NEGOTIATED), negotiated);
    Atomics.store(this.words, this.#sessionWord(session, SESSION_SOCKET), socket);
  }
  /** Session only: the socket of its client, or -1. */
  socket(session: number): number {
    return Atomics.load(this.words, this.#sessionWord(session, SESSION_SOCKET));
  }
  /** Session only: what its client has negotiated. */
  negotiated(session: number): number {
    return Atomics.load(this.words, this.#sessionWord(session, SESSION_NEGOTIATED));
  }

  /**
   * Session only, before it closes the socket or gives it back: afterwards no thread uses the number, which the system
   * may give to another file at once. Spins while `withSocket` is inside, a few microseconds at most.
   */
  retractSocket(session: number): void {
    Atomics.store(this.words, this.#sessionWord(session, SESSION_SOCKET), -1);
    while (Atomics.load(this.words, this.#sessionWord(session, SESSION_SOCKET_USERS)) !== 0);
  }

  /** Any thread: calls `use` with the session's socket if it has one; `use` must not block. */
  withSocket(session: number, use: (fd: number) => void): void {
    const users = this.#sessionWord(session, SESSION_SOCKET_USERS);
    Atomics.add(this.words, users, 1);
    const fd = Atomics.load(this.words, this.#sessionWord(session, SESSION_SOCKET));
    if (fd >= 0) use(fd);
    Atomics.sub(this.words, users, 1);
  }

  /** Session only. */
  count(session: number, counter: number, amount: number): void {
    this.sessionCounters[session * SESSION_COUNTERS + counter] += amount;
  }
  /** Any thread: a counter of one session. */
  countOf(session: number, counter: number): number {
    return this.sessionCounters[session * SESSION_COUNTERS + counter];
  }
  /** Any thread: a counter summed over all sessions. */
  sumOfSessions(counter: number): number {
    let sum = 0;
    for (let session = 0; session < this.sessions; session++) sum += this.countOf(session, counter);
    return sum;
  }
}
