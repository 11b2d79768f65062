// The requests that wait and the rescues that are under way for some of them: who waits for which bytes. Whose
// turn it is stands in turns.ts. Reader thread only.
//
// A rescue belongs to no request: it serves every read whose next byte lies in its stretch, and those wait for it.
// When there is none left, it is given up.
import { PendingRead } from "./pending_read.ts";
import type { PendingRescue } from "./pending_rescue.ts";
import { ReadsByCursor } from "./reads_by_cursor.ts";
import { SessionRequests } from "./session_requests.ts";
import {
  KIND_FLUSH,
  KIND_READ_AHEAD,
  RESULT_RESOLVED,
  type SharedState,
  SLOT_CANCELLED,
  SLOTS_PER_SESSION,
} from "../shared/shared_state.ts";
import type { ReaderQueue } from "../shared/request_queue.ts";
import { Turns } from "./turns.ts";

/** All requests that have arrived and have not ended. */
export class PendingReads {
  readonly turns: Turns;
  readonly #state: SharedState;
  readonly #queue: ReaderQueue;
  readonly #bySlot: (PendingRead | undefined)[];
  readonly #sessions: readonly SessionRequests[];
  readonly #byCursor: ReadsByCursor;
  /** Read-ahead, the newest first; then prefetch, the oldest first. */
  readonly #hints: PendingRead[] = [];
  /** Failing stretches. They do not overlap. */
  readonly #rescues: PendingRescue[] = [];
  /** The number of the last request that has come. */
  lastArrival = 0;
  /** Reads with a bounce buffer. */
  #bouncing = 0;
  #heardCancellations = 0;
  /** What `takeNeeding` returns. */
  readonly #taken: PendingRead[] = [];

  constructor(state: SharedState, queue: ReaderQueue) {
    this.#state = state;
    this.#queue = queue;
    this.#bySlot = new Array(state.slotState.length).fill(undefined);
    this.#byCursor = new ReadsByCursor(this.#bySlot);
    this.#sessions = Array.from({ length: state.sessions }, () => new SessionRequests());
    this.turns = new Turns(this.#sessions);
  }

  // --- arrivals and ends --------------------------------------------------------------------------

  /**
   * Takes over the requests that have been queued meanwhile, and ends those of clients that have left.
   * @param take is given each read of a client: it moves the cursor to the first byte that is needed, then
   *   calls `index` or `end`.
   */
  takeArrivals(take: (read: PendingRead) => void): void {
    // Loaded before the queue is looked at: what is cancelled after that is seen next time.
    const { cancellations } = this.#state;
    for (let slot = this.#queue.take(); slot >= 0; slot = this.#queue.take()) {
      const request = this.#begin(slot);
      if (request.isRead) {
        if (this.#isCancelled(slot)) this.end(request, RESULT_RESOLVED);
        else take(request);
      } else if (request.isWrite) this.#sessions[request.session].add(request);
      else if (request.kind === KIND_READ_AHEAD) this.#hints.unshift(request);
      else this.#hints.push(request);
    }
    if (cancellations === this.#heardCancellations) return;
    this.#heardCancellations = cancellations;
    for (const read of this.reads()) {
      if (this.#isCancelled(read.slot)) this.end(read, RESULT_RESOLVED);
    }
  }

  #begin(slot: number): PendingRead {
    const request = this.#bySlot[slot] ??= new PendingRead(
      slot,
      Math.floor(slot / SLOTS_PER_SESSION),
    );
    const { slotKind, slotOffset, slotLength, slotBounce } = this.#state;
    const offset = slotOffset[slot];
    const end = offset + slotLength[slot];
    request.begin(++this.lastArrival, slotKind[slot], offset, end, slotBounce[slot]);
    if (request.isRead && request.bounce !== 0) this.#bouncing++;
    return request;
  }

  /** Puts a read behind the others of its session. */
  postpone(read: PendingRead): void {
    read.line = ++this.lastArrival;
  }

  #isCancelled(slot: number): boolean {
    return Atomics.load(this.#state.slotState, slot) === SLOT_CANCELLED;
  }

  /** Ends a read or a hint if it has not ended; `result` is a RESULT_ constant. */
  end(read: PendingRead, result: number): void {
    if (read.hasEnded) return;
    if (read.isRead) {
      if (read.bounce !== 0) this.#bouncing--;
      if (read.isListed) this.#byCursor.remove(read);
      this.#sessions[read.session].remove(read);
    } else {
      this.#hints.splice(this.#hints.indexOf(read), 1);
    }
    read.isListed = false;
    read.hasEnded = true;
    this.#queue.end(read.slot, result);
  }

  /** Takes a read out of all turns: `insert` or `end` must follow, however late. */
  setAside(read: PendingRead): void {
    if (read.isListed) this.takeOut(read);
    this.#sessions[read.session].remove(read);
  }

  /** Ends a write if it has not ended. @param errno 0 when it has been done. */
  endWrite(write: PendingRead, errno: number): void {
    if (write.hasEnded) return;
    this.#sessions[write.session].remove(write);
    write.hasEnded = true;
    this.#queue.end(write.slot, -errno);
  }

  // --- who waits for which bytes ------------------------------------------------------------------

  /** Lists a read by its cursor: a new one, or one that `takeOut` or `takeNeeding` has taken out. */
  insert(read: PendingRead): void {
    const session = this.#sessions[read.session];
    if (read.index < 0) session.add(read);
    session.hold(read, this.rescueAt(read.cursor));
    this.#byCursor.add(read);
    read.isListed = true;
  }

  /** Takes a read out of the list, so that its cursor may move; `insert` or `end` must follow. */
  takeOut(read: PendingRead): void {
    this.#byCursor.remove(read);
    read.isListed = false;
  }

  /**
   * Takes the reads from their places whose next byte lies in [start, end): `index` or `end` follows for each.
   * The list is good until the next call.
   */
  takeNeeding(start: number, end: number): readonly PendingRead[] {
    this.#taken.length = 0;
    this.#byCursor.takeOut(start, end, this.#taken);
    for (const read of this.#taken) read.isListed = false;
    return this.#taken;
  }

  /** Whether the next byte of a read lies in [start, end). */
  isNeeded(start: number, end: number): boolean {
    const index = this.#byCursor.from(start);
    return index < this.#byCursor.count && this.#byCursor.at(index).cursor < end;
  }

  /** A read waits that needs no rescue. */
  get hasHealthyRead(): boolean {
    return this.#sessions.some(({ hasHealthyRead }) => hasHealthyRead);
  }

  /** A copy of the list of all reads. Not for every turn. */
  reads(): PendingRead[] {
    return this.#sessions.flatMap(({ reads }) => reads);
  }

  /** The same of writes. */
  writes(): PendingRead[] {
    return this.#sessions.flatMap(({ writes }) => writes);
  }

  /** The same of flushes. */
  flushes(): PendingRead[] {
    return this.writes().filter(({ kind }) => kind === KIND_FLUSH);
  }

  /** Some read has memory for bytes that the image cannot take. */
  get hasBounces(): boolean {
    return this.#bouncing > 0;
  }

  /**
   * Where a device read that is to bring what lies at `start` may begin so that it serves waiting reads only;
   * not before `limit`.
   */
  wantedStart(start: number, limit: number): number {
    for (let index = this.#byCursor.from(start) - 1; index >= 0; index--) {
      const read = this.#byCursor.at(index);
      if (read.end < start || read.cursor < limit || read.rescue !== undefined) break;
      start = read.cursor;
    }
    return start;
  }

  /** Where a device read that begins at `start` may end so that it serves waiting reads only. */
  wantedEnd(start: number, end: number, limit: number): number {
    for (let index = this.#byCursor.from(start); end < limit; index++) {
      if (index === this.#byCursor.count) return end;
      const read = this.#byCursor.at(index);
      if (read.cursor > end) return end;
      if (read.end > end) end = read.end;
    }
    return limit;
  }

  // --- hints --------------------------------------------------------------------------------------

  get hints(): readonly PendingRead[] {
    return this.#hints;
  }

  /** How far a hint that touches [.., end] reaches. */
  hintedEnd(end: number, limit: number): number {
    for (const hint of this.#hints) {
      if (hint.offset <= end && hint.end > end) end = hint.end;
    }
    return Math.min(end, limit);
  }

  // --- rescues ------------------------------------------------------------------------------------

  beginRescue(rescue: PendingRescue): void {
    if (this.#rescues.length === 0) this.turns.beginRescues();
    this.#rescues.push(rescue);
    this.#holdAt(rescue, rescue);
  }

  endRescue(rescue: PendingRescue): void {
    const index = this.#rescues.indexOf(rescue);
    if (index < 0) return;
    this.#rescues.splice(index, 1);
    this.#holdAt(rescue, undefined);
  }

  /** All rescues are given up: what they have found out does not count. */
  endRescues(): void {
    for (const rescue of [...this.#rescues]) this.endRescue(rescue);
  }

  /** Lets the reads in the stretch of a rescue wait for it, or go on. */
  #holdAt({ start, end }: PendingRescue, rescue: PendingRescue | undefined): void {
    for (let index = this.#byCursor.from(start); index < this.#byCursor.count; index++) {
      const read = this.#byCursor.at(index);
      if (read.cursor >= end) return;
      this.#sessions[read.session].hold(read, rescue);
    }
  }

  /** The rescue in whose stretch `offset` lies, or undefined. */
  rescueAt(offset: number): PendingRescue | undefined {
    return this.#rescues.find(({ start, end }) => start <= offset && offset < end);
  }

  /** Cuts [start, end) short where the stretch of a rescue begins. */
  endBeforeRescues(start: number, end: number): number {
    for (const rescue of this.#rescues) {
      if (rescue.start > start && rescue.start < end) end = rescue.start;
    }
    return end;
  }
}
