// The reads of one mount's thread that wait for the device: what their replies need, by the backend's slots.

import type { PendingRequests } from "../base/pending_requests.ts";
import type { Backend } from "../base/backend.ts";

/** The parked reads of a backend, for one thread. Make one when the backend is made. */
export class ParkedReads {
  readonly backend: Backend;
  /** Which slots are taken, by which ranges, and until when. */
  readonly pending: PendingRequests;

  // What the reply needs: the request's number in two halves, and where it goes.
  readonly uniqueHigh: Int32Array;
  readonly uniqueLow: Int32Array;
  readonly lanes: Uint8Array;

  constructor(backend: Backend) {
    const { count } = backend.pending;
    this.backend = backend;
    this.pending = backend.pending;
    this.uniqueHigh = new Int32Array(count);
    this.uniqueLow = new Int32Array(count);
    this.lanes = new Uint8Array(count);
  }

  /** Parks a read; not when all slots are taken. `deadline` is in milliseconds, Infinity for never. */
  park(
    uniqueHigh: number,
    uniqueLow: number,
    lane: number,
    offset: number,
    length: number,
    deadline: number,
  ): void {
    const slot = this.pending.take(offset, length, deadline);
    this.uniqueHigh[slot] = uniqueHigh;
    this.uniqueLow[slot] = uniqueLow;
    this.lanes[slot] = lane;
    this.backend.park(slot);
  }

  /** The slot of the read with this number that a program waits for, or -1. */
  find(uniqueHigh: number, uniqueLow: number): number {
    if (this.pending.waiting === 0) return -1;
    for (let slot = 0; slot < this.lanes.length; slot++) {
      if (
        this.pending.isWaiting(slot) && this.uniqueLow[slot] === uniqueLow &&
        this.uniqueHigh[slot] === uniqueHigh
      ) return slot;
    }
    return -1;
  }
}
