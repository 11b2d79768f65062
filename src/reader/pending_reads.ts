// The requests that wait and the rescues that are under way for some of them, in the order in which they
// will be served: clients before hints, healthy places before sick ones. Reader thread only.
//
// A rescue belongs to nobody: it serves every request whose next byte lies in its stretch, and those wait
// for it. When there is none left, it is given up.
import { PendingRead } from "./pending_read.ts";
import type { PendingRescue } from "./pending_rescue.ts";
import {
  KIND_BYPASS,
  KIND_READ_AHEAD,
  KIND_WRITE,
  type SharedState,
} from "../shared/shared_state.ts";
import type { ReaderQueue } from "../shared/request_queue.ts";

/** Turns of healthy requests for one of a rescue, while both wait: so that a rescue ends some day. */
const TURNS_PER_RESCUE = 3;

/** All requests that have arrived and have not ended. */
export class PendingReads {
  readonly #state: SharedState;
  readonly #queue: ReaderQueue;
  readonly #bySlot: (PendingRead | undefined)[];
  /** Clients' reads, in turn. */
  readonly clients: PendingRead[] = [];
  /** Read-ahead and prefetch. */
  readonly hints: PendingRead[] = [];
  /** Writes and flushes, in the order of arrival. */
  readonly writes: PendingRead[] = [];
  /** Failing stretches, in turn. They do not overlap. */
  readonly rescues: PendingRescue[] = [];
  /** The number of the last request that has come. */
  lastArrival = 0;
  /** Healthy turns since a rescue had one. */
  #turns = 0;

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
      const end = offset + slotLength[slot];
      read.begin(++this.lastArrival, slotKind[slot], offset, end, slotBounce[slot]);
      if (read.kind <= KIND_BYPASS) this.clients.push(read);
      else if (read.kind >= KIND_WRITE) this.writes.push(read);
      else if (read.kind === KIND_READ_AHEAD) this.hints.unshift(read);
      else this.hints.push(read);
    }
  }

  /** The first client read that does not wait for a rescue, or undefined. */
  nextClient(): PendingRead | undefined {
    if (this.rescues.length === 0) return this.clients[0];
    return this.clients.find((read) => !this.#waitsForRescue(read));
  }

  #waitsForRescue(read: PendingRead): boolean {
    for (const { start, end } of this.rescues) if (read.needs(start, end)) return true;
    return false;
  }

  /** The rescue whose turn it is, or undefined. @param alone nothing healthy waits. */
  nextRescue(alone: boolean): PendingRescue | undefined {
    if (this.rescues.length === 0) return undefined;
    if (!alone && this.#turns++ < TURNS_PER_RESCUE) return undefined;
    this.#turns = 0;
    const rescue = this.rescues.shift()!;
    this.rescues.push(rescue);
    return rescue;
  }

  beginRescue(rescue: PendingRescue): void {
    if (this.rescues.length === 0) this.#turns = 0;
    this.rescues.push(rescue);
  }

  endRescue(rescue: PendingRescue): void {
    remove(this.rescues, rescue);
  }

  /** The rescue in whose stretch `offset` lies, or undefined. */
  rescueAt(offset: number): PendingRescue | undefined {
    return this.rescues.find(({ start, end }) => start <= offset && offset < end);
  }

  /** Cuts [start, end) short where the stretch of a rescue begins. */
  endBeforeRescues(start: number, end: number): number {
    for (const rescue of this.rescues) {
      if (rescue.start > start && rescue.start < end) end = rescue.start;
    }
    return end;
  }

  /** Puts a read behind all others, those included that have come since its turn began. */
  postpone(read: PendingRead): void {
    this.takeArrivals();
    if (remove(this.clients, read)) this.clients.push(read);
  }

  /** Ends a read if it has not ended; `result` is a RESULT_ constant. */
  end(read: PendingRead, result: number): void {
    const list = read.kind > KIND_BYPASS ? this.hints : this.clients;
    if (remove(list, read)) this.#queue.end(read.slot, result);
  }

  /** Ends a write. @param errno 0 when it has been done. */
  endWrite(write: PendingRead, errno: number): void {
    if (remove(this.writes, write)) this.#queue.end(write.slot, -errno);
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

/** @returns false when it was not in the list. */
function remove<T>(list: T[], item: T): boolean {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
  return index >= 0;
}
