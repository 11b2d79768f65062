// The queue from the sessions to the reader, and the way back of what has ended. Transport only: which
// request is served first is the reader's business.
//
// Sessions -> reader: one ring for all. A slot is in the ring at most once, and the ring has room for each slot, so
// it never overflows. Reader -> session: a ring of slots for each session, and its eventfd when it sleeps in poll.
//
// A session numbers its slots from 0 on; the reader adds the number of the session's first one.
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
   * Notes a request that a client waits for in its slot (below PARKED_PER_SESSION): a KIND_ of one. The reader hears of
   * it from `ask`. What is noted stays until the next `note`.
   */
  note(slot: number, kind: number, offset: number, length: number): void {
    this.#note(this.#firstSlot + slot, kind, offset, length);
  }

  /**
   * Queues what has been noted; the slot is in use until `nextEnded` has returned it.
   * @param bounce address of a bounce buffer, or of a payload; 0: none.
   */
  ask(slot: number, bounce: number): void {
    this.#state.slotBounce[this.#firstSlot + slot] = bounce;
    this.#post(this.#firstSlot + slot);
  }

  /** The KIND_ that has been noted in a slot. */
  kind(slot: number): number {
    return this.#state.slotKind[this.#firstSlot + slot];
  }

  /** Where the range that has been noted in a slot begins, bytes. */
  start(slot: number): number {
    return this.#state.slotOffset[this.#firstSlot + slot];
  }

  /** Where the range that has been noted in a slot ends, bytes. */
  end(slot: number): number {
    return this.start(slot) + this.#state.slotLength[this.#firstSlot + slot];
  }

  /**
   * Tells the reader not to bother with a parked read, which still ends through `nextEnded`. It hears of it once
   * `tellCancelled` is called.
   */
  cancel(slot: number): void {
    Atomics.store(this.#state.slotState, this.#firstSlot + slot, SLOT_CANCELLED);
  }

  /** To be called after `cancel`, once for all. */
  tellCancelled(): void {
    this.#state.noteCancellation();
  }

  /** Queues a read that no client waits for; drops it when too many of this session's are queued already. */
  hint(kind: number, offset: number, length: number): boolean {
    for (let tries = 0; tries < HINTS_PER_SESSION; tries++) {
      const slot = this.#firstSlot + PARKED_PER_SESSION + this.#nextHint;
      this.#nextHint = (this.#nextHint + 1) % HINTS_PER_SESSION;
      if (Atomics.load(this.#state.slotState, slot) !== SLOT_FREE) continue;
      this.#note(slot, kind, offset, length);
      this.#post(slot);
      return true;
    }
    return false;
  }

  #note(slot: number, kind: number, offset: number, length: number): void {
    const state = this.#state;
    state.slotKind[slot] = kind;
    state.slotOffset[slot] = offset;
    state.slotLength[slot] = length;
  }

  #post(slot: number): void {
    const state = this.#state;
    state.slotState[slot] = SLOT_QUEUED;
    // The store into the ring publishes the plain stores before it to the reader's exchange.
    Atomics.store(state.ring, state.nextRingIndex(), slot + 1);
    state.ringReader();
  }

  /** True when `nextEnded` has something. */
  get hasEnded(): boolean {
    return this.#endedHead !== Atomics.load(this.#state.words, this.#endedTailWord);
  }

  /** The slot of the next parked read that has ended, or -1. `result` tells how. */
  nextEnded(): number {
    const state = this.#state;
    if (this.#endedHead === Atomics.load(state.words, this.#endedTailWord)) return -1;
    const at = this.#session * PARKED_PER_SESSION + (this.#endedHead & (PARKED_PER_SESSION - 1));
    this.#endedHead = (this.#endedHead + 1) | 0;
    return state.ended[at];
  }

  /** How a read that `nextEnded` has returned ended: a RESULT_ constant. */
  result(slot: number): number {
    return this.#state.slotResult[this.#firstSlot + slot];
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
    const own = slot - session * SLOTS_PER_SESSION;
    if (own >= PARKED_PER_SESSION) {
      Atomics.store(state.slotState, slot, SLOT_FREE);
      return;
    }
    const tailWord = state.endedTailWord(session);
    const tail = Atomics.load(state.words, tailWord);
    state.ended[session * PARKED_PER_SESSION + (tail & (PARKED_PER_SESSION - 1))] = own;
    state.slotResult[slot] = result;
    // Publishes the two plain stores above; pairs with the load in nextEnded.
    Atomics.store(state.words, tailWord, (tail + 1) | 0);
    // Either the session sees the new tail in armWakeUp, or we see its flag here.
    if (Atomics.exchange(state.words, state.waitingWord(session), 0) !== 0) {
      state.wakeSession(session);
    }
  }
}
