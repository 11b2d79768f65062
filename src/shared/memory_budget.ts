// A ceiling for memory that sessions take for single requests, all of them together. Who finds too little of it waits
// and is woken: by its eventfd, or in `takeWaiting`. The first that waits gets its memory before any other gets
// more, so that a large request is not passed over for ever by small ones.
//
// The words lie in the SharedState and are touched with Atomics. They count KiB, since bytes would overflow.
import type { SharedState } from "./shared_state.ts";

/** Payloads of writes to the device or an overlay, and bytes that the image cannot take. */
export const POOL_REQUESTS = 0;
/** Large replies, from their making until the client has taken them. */
export const POOL_REPLIES = 1;
export const POOLS = 2;

/**
 * Most bytes in use, by pool; a single request may exceed it, when nothing else is in use. 256 MiB together: eight
 * of the largest requests at a time, on machines that rescue disks with 1 GiB of memory.
 */
const CEILINGS: readonly number[] = [192 * 1024 * 1024, 64 * 1024 * 1024];

const KIB = 1024;
/** A wait in `takeWaiting` looks up after so long, milliseconds. */
const TURN_MS = 50;

/** One session's part in a pool. Session thread only. */
export class MemoryBudget {
  readonly #state: SharedState;
  readonly #session: number;
  readonly #pool: number;
  readonly #ceilingKib: number;
  readonly #words: ReturnType<SharedState["budgetWords"]>;

  constructor(state: SharedState, session: number, pool: number, ceiling = CEILINGS[pool]!) {
    this.#state = state;
    this.#session = session;
    this.#pool = pool;
    this.#ceilingKib = ceiling / KIB;
    this.#words = state.budgetWords(session, pool);
  }

  /** Takes `bytes`. @returns false when there are too few: the session's eventfd rings when it may try again. */
  take(bytes: number): boolean {
    const { words } = this.#state;
    const { first, wants } = this.#words;
    const needed = Math.ceil(bytes / KIB);
    // As a rule no session waits and there is enough: then none has to be woken.
    if (Atomics.load(words, first) === 0 && this.#takeNow(needed, 0)) return true;
    const me = this.#session + 1;
    // Before the counts are looked at: who gives something back after that sees that we wait.
    Atomics.store(words, wants, needed);
    const inFront = Atomics.compareExchange(words, first, 0, me);
    if (!this.#takeNow(needed, inFront === me ? 0 : inFront)) return false;
    this.stopWaiting();
    return true;
  }

  /** @param inFront the number of the session that waits before this one, and one more; 0: none does. */
  #takeNow(needed: number, inFront: number): boolean {
    const { words } = this.#state;
    const { used, held } = this.#words;
    for (;;) {
      const now = Atomics.load(words, used);
      // It may be busy with a client that takes no replies: what it does not need others may have meanwhile.
      const kept = inFront === 0 ? 0 : this.#wantedBy(inFront - 1);
      if (now + kept > 0 && now + kept + needed > this.#ceilingKib) return false;
      if (Atomics.compareExchange(words, used, now, now + needed) === now) break;
    }
    Atomics.add(words, held, needed);
    return true;
  }

  /**
   * Takes `bytes`, and blocks until there are as many.
   * @param mayWait asked now and then; false ends the wait.
   * @returns false when there were too few for `timeoutMs` milliseconds.
   */
  takeWaiting(bytes: number, timeoutMs: number, mayWait: () => boolean): boolean {
    const { words } = this.#state;
    const { used } = this.#words;
    for (const endMs = performance.now() + timeoutMs;;) {
      const now = Atomics.load(words, used);
      if (this.take(bytes)) return true;
      if (performance.now() >= endMs || !mayWait()) break;
      Atomics.wait(words, used, now, TURN_MS);
    }
    this.stopWaiting();
    return false;
  }

  /** Gives back what `take` has taken with the same number. */
  give(bytes: number): void {
    const { words } = this.#state;
    const { held } = this.#words;
    const given = Math.ceil(bytes / KIB);
    Atomics.sub(words, held, given);
    returnTo(this.#state, this.#pool, given);
  }

  /** Gives up a wait for memory. */
  stopWaiting(): void {
    const { words } = this.#state;
    const { first, wants } = this.#words;
    Atomics.store(words, wants, 0);
    const me = this.#session + 1;
    if (Atomics.compareExchange(words, first, me, 0) === me) wakeWaiting(this.#state, this.#pool);
  }

  #wantedBy(session: number): number {
    const { wants } = this.#state.budgetWords(session, this.#pool);
    return Atomics.load(this.#state.words, wants);
  }
}

/** Main only: a session's thread has died, and gives nothing back itself. */
export function settleBudget(state: SharedState, session: number): void {
  for (let pool = 0; pool < POOLS; pool++) {
    const { held } = state.budgetWords(session, pool);
    new MemoryBudget(state, session, pool).stopWaiting();
    returnTo(state, pool, Atomics.exchange(state.words, held, 0));
  }
}

function returnTo(state: SharedState, pool: number, kib: number): void {
  const { first, used } = state.budgetWords(0, pool);
  Atomics.sub(state.words, used, kib);
  Atomics.notify(state.words, used);
  // While any session waits, one of them is in front.
  if (Atomics.load(state.words, first) !== 0) wakeWaiting(state, pool);
}

/** All that wait try again. */
function wakeWaiting(state: SharedState, pool: number): void {
  Atomics.notify(state.words, state.budgetWords(0, pool).used);
  for (let session = 0; session < state.sessions; session++) {
    const { wants } = state.budgetWords(session, pool);
    if (Atomics.load(state.words, wants) !== 0) state.wakeSession(session);
  }
}
