// The queue from the sessions to the reader, and the way back of what has ended. Transport only: which
// request is served first is the reader's business.
//
// Sessions -> reader: one ring of slot numbers for all. A slot is in the ring at most once, and the ring has
// a place for each slot, so it never overflows. Reader -> session: a ring of tokens for each session, and
// its eventfd when it sleeps in poll.
import {
  HINTS_PER_SESSION,
  PARKED_PER_SESSION,
  type SharedState,
  SLOT_CANCELLED,
  SLOT_FREE,
  SLOT_QUEUED,
  SLOTS_PER_SESSION,
} from "./shared_state.ts";

/** A session's end of the queue. Session thread only. */
export class SessionQueue {
  readonly #state: SharedState;
  readonly #session: number;
  readonly #firstSlot: number;
  readonly #endedTailWord: number;
  readonly #waitingWord: number;
  #endedHead: number;
  #nextHint = 0;

  constructor(state: SharedState, session: number) {
    this.#state = state;
    this.#session = session;
    this.#firstSlot = session * SLOTS_PER_SESSION;
    this.#endedTailWord = state.endedTailWord(session);
    this.#waitingWord = state.waitingWord(session);
    this.#endedHead = Atomics.load(state.words, this.#endedTailWord);
  }

  /**
   * Queues a read that a client waits for: KIND_CLIENT or KIND_BYPASS. `place` (below PARKED_PER_SESSION)
   * is in use until `nextEnded` has returned it. `bounce` is the address of a bounce buffer, or 0.
   */
  park(place: number, kind: number, offset: number, length: number, bounce: number): void {
    this.#state.slotBounce[this.#firstSlot + place] = bounce;
    this.#post(this.#firstSlot + place, kind, offset, length);
  }

  /**
   * Tells the reader not to bother with a parked read, which still ends through `nextEnded`. It hears of it once
   * `tellCancelled` is called.
   */
  cancel(place: number): void {
    Atomics.store(this.#state.slotState, this.#firstSlot + place, SLOT_CANCELLED);
  }

  /** To be called after `cancel`, once for all. */
  tellCancelled(): void {
    this.#state.noteCancellation();
  }

  /** Queues a read that nobody waits for; dropped when too many of this session's are queued already. */
  hint(kind: number, offset: number, length: number): boolean {
    for (let tries = 0; tries < HINTS_PER_SESSION; tries++) {
      const slot = this.#firstSlot + PARKED_PER_SESSION + this.#nextHint;
      this.#nextHint = (this.#nextHint + 1) % HINTS_PER_SESSION;
      if (Atomics.load(this.#state.slotState, slot) !== SLOT_FREE) continue;
      this.#post(slot, kind, offset, length);
      return true;
    }
    return false;
  }

  #post(slot: number, kind: number, offset: number, length: number): void {
    const state = this.#state;
    state.slotKind[slot] = kind;
    state.slotOffset[slot] = offset;
    state.slotLength[slot] = length;
    state.slotState[slot] = SLOT_QUEUED;
    // The store into the ring publishes the plain stores above to the reader's exchange.
    Atomics.store(state.ring, state.nextRingPlace(), slot + 1);
    state.ringReader();
  }

  /** True when `nextEnded` has something. */
  get hasEnded(): boolean {
    return this.#endedHead !== Atomics.load(this.#state.words, this.#endedTailWord);
  }

  /** The place of the next parked read that has ended, or -1. `result` tells how. */
  nextEnded(): number {
    const state = this.#state;
    if (this.#endedHead === Atomics.load(state.words, this.#endedTailWord)) return -1;
    const at = this.#session * PARKED_PER_SESSION + (this.#endedHead & (PARKED_PER_SESSION - 1));
    this.#endedHead = (this.#endedHead + 1) | 0;
    return state.ended[at];
  }

  /** How a read that `nextEnded` has returned ended: a RESULT_ constant. */
  result(place: number): number {
    return this.#state.slotResult[this.#firstSlot + place];
  }

  /**
   * To be called before the session sleeps in poll on its eventfd.
   * @returns false when something has ended already: do not sleep.
   */
  armWakeUp(): boolean {
    Atomics.store(this.#state.words, this.#waitingWord, 1);
    if (this.#endedHead === Atomics.load(this.#state.words, this.#endedTailWord)) return true;
    this.disarmWakeUp();
    return false;
  }

  /** To be called after the poll. */
  disarmWakeUp(): void {
    Atomics.store(this.#state.words, this.#waitingWord, 0);
  }
}

/** The reader's end of the queue. Reader thread only. */
export class ReaderQueue {
  readonly #state: SharedState;
  #head: number;

  constructor(state: SharedState) {
    this.#state = state;
    this.#head = 0;
  }

  /** True when nothing is queued. */
  get isEmpty(): boolean {
    return Atomics.load(this.#state.ring, this.#head) === 0;
  }

  /** The next slot in the order of arrival, or -1. */
  take(): number {
    const slot = Atomics.exchange(this.#state.ring, this.#head, 0) - 1;
    if (slot >= 0) this.#head = (this.#head + 1) & (this.#state.ring.length - 1);
    return slot;
  }

  /** Ends the request in `slot`: a parked read is handed back to its session, a hint just freed. */
  end(slot: number, result: number): void {
    const state = this.#state;
    const session = Math.floor(slot / SLOTS_PER_SESSION);
    const place = slot - session * SLOTS_PER_SESSION;
    if (place >= PARKED_PER_SESSION) {
      Atomics.store(state.slotState, slot, SLOT_FREE);
      return;
    }
    const tailWord = state.endedTailWord(session);
    const tail = Atomics.load(state.words, tailWord);
    state.ended[session * PARKED_PER_SESSION + (tail & (PARKED_PER_SESSION - 1))] = place;
    state.slotResult[slot] = result;
    // Publishes the two plain stores above; pairs with the load in nextEnded.
    Atomics.store(state.words, tailWord, (tail + 1) | 0);
    // Either the session sees the new tail in armWakeUp, or we see its flag here.
    if (Atomics.exchange(state.words, state.waitingWord(session), 0) !== 0) {
      state.wakeSession(session);
    }
  }
}
