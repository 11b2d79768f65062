// The requests of one session that wait for the device, and which of them the session spends its turn on.
// Pure: it knows nothing of the device or the queue. Reader thread only.
//
// The shortest read goes first, so a small one does not wait behind the large ones of the same session; of equal
// ones the first in line. A read that others keep passing would starve, so each session counts the turns that
// the first in line has been passed over: after MOST_PASSES in a row it has the turn. It therefore gets a
// quarter of the session's turns at least, and each read is the first in line one day.
//
// Writes keep the order in which they have come, and have every other turn while reads wait.
import type { PendingRead } from "./pending_read.ts";
import type { PendingRescue } from "./pending_rescue.ts";

/** Turns in a row that a session gives to reads behind the first in line. */
export const MOST_PASSES = 3;

/**
 * The pending requests of one session, and the choice of the one that its next turn serves. Reader
 * thread only.
 */
export class SessionRequests {
  /** Reads, in no order. */
  readonly #reads: PendingRead[] = [];
  /** Writes and flushes, in the order of arrival. */
  readonly writes: PendingRead[] = [];
  /** Number of the last turn that the session has had. Turns keeps it, and the next two. */
  lastTurn = 0;
  /** Number of the last turn that a hint of the session has had. */
  lastHint = 0;
  /** The last turn went to a rescue. */
  hasRescued = false;
  /** Reads that wait for a rescue. */
  #held = 0;
  /** Turns in a row in which the first in line was passed over. */
  #passes = 0;
  #hasWritten = false;

  get reads(): readonly PendingRead[] {
    return this.#reads;
  }

  /** Something waits that needs no rescue. */
  get isHealthy(): boolean {
    return this.#reads.length > this.#held || this.writes.length > 0;
  }

  /** A read waits that needs no rescue. */
  get hasHealthyRead(): boolean {
    return this.#reads.length > this.#held;
  }

  /** A read waits for a rescue. */
  get isHeld(): boolean {
    return this.#held > 0;
  }

  /** Takes a read or a write in. */
  add(request: PendingRead): void {
    if (request.isWrite) {
      this.writes.push(request);
      return;
    }
    request.index = this.#reads.length;
    this.#reads.push(request);
  }

  /** @returns false when it is not among them. */
  remove(request: PendingRead): boolean {
    if (request.isWrite) return this.#removeWrite(request);
    const { index } = request;
    if (index < 0) return false;
    this.hold(request, undefined);
    const last = this.#reads.pop()!;
    if (last !== request) {
      this.#reads[index] = last;
      last.index = index;
    }
    request.index = -1;
    return true;
  }

  #removeWrite(write: PendingRead): boolean {
    const index = this.writes.indexOf(write);
    if (index >= 0) this.writes.splice(index, 1);
    return index >= 0;
  }

  /** Lets a read wait for `rescue`, or for none. */
  hold(read: PendingRead, rescue: PendingRescue | undefined): void {
    if (read.rescue !== undefined) this.#held--;
    if (rescue !== undefined) this.#held++;
    read.rescue = rescue;
  }

  /** The read or write that the session's next turn is for, if not for a rescue. `isHealthy` must be true. */
  next(): PendingRead {
    const readsWait = this.#reads.length > this.#held;
    this.#hasWritten = this.writes.length > 0 && (!readsWait || !this.#hasWritten);
    return this.#hasWritten ? this.writes[0] : this.#nextRead();
  }

  #nextRead(): PendingRead {
    let shortest: PendingRead | undefined;
    let first: PendingRead | undefined;
    for (const read of this.#reads) {
      if (read.rescue !== undefined) continue;
      if (first === undefined || read.line < first.line) first = read;
      if (shortest === undefined || goesBefore(read, shortest)) shortest = read;
    }
    const isPassed = shortest !== first && this.#passes < MOST_PASSES;
    this.#passes = isPassed ? this.#passes + 1 : 0;
    return isPassed ? shortest! : first!;
  }

  /** The rescue of a read of this session that has waited longest for a turn. `isHeld` must be true. */
  nextRescue(): PendingRescue {
    let next: PendingRescue | undefined;
    for (const { rescue } of this.#reads) {
      if (rescue === undefined) continue;
      if (next === undefined || rescue.lastTurn < next.lastTurn) next = rescue;
    }
    return next!;
  }
}

function goesBefore(read: PendingRead, other: PendingRead): boolean {
  const difference = read.length - other.length;
  return difference < 0 || (difference === 0 && read.line < other.line);
}
