// The requests that wait, in the order in which they will be served: clients before hints, healthy places
// before sick ones. Reader thread only.
import { type Rescue } from "./rescue.ts";
import { PendingRead } from "./pending_read.ts";
import { KIND_BYPASS, KIND_READ_AHEAD, type SharedState } from "../shared/shared_state.ts";
import type { ReaderQueue } from "../shared/request_queue.ts";

/** Of this many turns one goes to a failing stretch while healthy requests wait, so that it ends some day. */
const TURNS_PER_RESCUE = 4;

/** All requests that have arrived and have not ended. */
export class PendingReads {
  readonly #state: SharedState;
  readonly #queue: ReaderQueue;
  readonly #bySlot: (PendingRead | undefined)[];
  /** Clients' reads, first come first served. */
  readonly clients: PendingRead[] = [];
  /** Clients' reads that are stepping through a failing stretch. */
  readonly rescuing: PendingRead[] = [];
  /** Read-ahead and prefetch. */
  readonly hints: PendingRead[] = [];
  #turn = 0;

  constructor(state: SharedState, queue: ReaderQueue) {
    this.#state = state;
    this.#queue = queue;
    this.#bySlot = new Array(state.slotState.length);
  }

  /** Takes over what has been queued meanwhile. */
  takeArrivals(): void {
    for (let slot = this.#queue.take(); slot >= 0; slot = this.#queue.take()) {
      const read = this.#bySlot[slot] ??= new PendingRead(slot);
      const { slotKind, slotOffset, slotLength, slotBounce } = this.#state;
      const offset = slotOffset[slot];
      read.begin(slotKind[slot], offset, offset + slotLength[slot], slotBounce[slot]);
      if (read.kind <= KIND_BYPASS) this.clients.push(read);
      else if (read.kind === KIND_READ_AHEAD) this.hints.unshift(read);
      else this.hints.push(read);
    }
  }

  /** The client read whose turn it is, or undefined. */
  nextClient(): PendingRead | undefined {
    this.#turn = (this.#turn + 1) % TURNS_PER_RESCUE;
    if (this.rescuing.length > 0 && (this.#turn === 0 || this.clients.length === 0)) {
      // In turn, so that one long stretch does not hold up the others.
      const read = this.rescuing.shift()!;
      this.rescuing.push(read);
      return read;
    }
    return this.clients[0];
  }

  /** Moves a read from the healthy to the failing ones. */
  beginRescue(read: PendingRead, rescue: Rescue): void {
    read.rescue = rescue;
    remove(this.clients, read);
    this.rescuing.push(read);
  }

  /** Moves it back to the head of the healthy ones: it has waited longest. */
  endRescue(read: PendingRead): void {
    read.rescue = null;
    remove(this.rescuing, read);
    this.clients.unshift(read);
  }

  /** A read that steps through a stretch which contains `offset`, or undefined. */
  rescuerOf(offset: number): PendingRead | undefined {
    return this.rescuing.find(({ rescue }) => rescue!.start <= offset && offset < rescue!.end);
  }

  /** Puts a read behind the others of its kind. */
  postpone(read: PendingRead): void {
    if (this.clients.length < 2 || this.clients[0] !== read) return;
    this.clients.shift();
    this.clients.push(read);
  }

  /** Ends a read; `result` is a RESULT_ constant. */
  end(read: PendingRead, result: number): void {
    remove(read.kind > KIND_BYPASS ? this.hints : read.rescue ? this.rescuing : this.clients, read);
    read.rescue = null;
    this.#queue.end(read.slot, result);
  }

  /** Where a device read that begins at `offset` may end so that it serves waiting requests only. */
  wantedEnd(offset: number, end: number, limit: number): number {
    for (let grown = true; grown && end < limit;) {
      grown = false;
      for (const read of this.clients) {
        if (read.offset <= end && read.end > end && read.end > offset) {
          end = read.end;
          grown = true;
        }
      }
    }
    return Math.min(end, limit);
  }

  /** The same with read-ahead: how far a hint that touches [.., end] reaches. */
  hintedEnd(end: number, limit: number): number {
    for (const hint of this.hints) {
      if (hint.offset <= end && hint.end > end) end = hint.end;
    }
    return Math.min(end, limit);
  }
}

function remove(list: PendingRead[], read: PendingRead): void {
  const index = list[0] === read ? 0 : list.indexOf(read);
  if (index >= 0) list.splice(index, 1);
}
