// The reads of one session that wait for the device, and the writes that do: what their replies need, by the
// backend's slots. It belongs to the session's thread and its backend, and outlives each client.

import type { PendingRequests } from "../base/pending_requests.ts";
import type { NbdBackend } from "./backend.ts";

/** The parked requests of a backend, for one session thread. Make one when the backend is made. */
export class ParkedReads {
  readonly backend: NbdBackend;
  /** Which slots are taken, by which ranges, and until when. */
  readonly pending: PendingRequests;

  // What the reply needs. Cookies are opaque: two halves, never put together.
  readonly cookieHigh: Int32Array;
  readonly cookieLow: Int32Array;
  readonly flags: Uint16Array;
  /** 1 for a write: see `takeForWrite`. */
  readonly isWrite: Uint8Array;

  constructor(backend: NbdBackend) {
    const { count } = backend.pending;
    this.backend = backend;
    this.pending = backend.pending;
    this.cookieHigh = new Int32Array(count);
    this.cookieLow = new Int32Array(count);
    this.flags = new Uint16Array(count);
    this.isWrite = new Uint8Array(count);
  }

  /** Parks a read for a client; not when all slots are taken. `deadline` is in milliseconds, Infinity for never. */
  park(
    cookieHigh: number,
    cookieLow: number,
    flags: number,
    offset: number,
    length: number,
    deadline: number,
  ): void {
    const slot = this.pending.take(offset, length, deadline);
    this.#note(slot, cookieHigh, cookieLow, flags, 0);
    this.backend.park(slot);
  }

  /**
   * Takes a slot for a write, which waits for as long as it likes; not when all are taken. The backend is not asked.
   * @returns the slot; to be released in `pending` when the write has ended at once.
   */
  takeForWrite(
    cookieHigh: number,
    cookieLow: number,
    flags: number,
    offset: number,
    length: number,
  ): number {
    const slot = this.pending.take(offset, length, Infinity);
    this.#note(slot, cookieHigh, cookieLow, flags, 1);
    return slot;
  }

  #note(
    slot: number,
    cookieHigh: number,
    cookieLow: number,
    flags: number,
    isWrite: number,
  ): void {
    this.cookieHigh[slot] = cookieHigh;
    this.cookieLow[slot] = cookieLow;
    this.flags[slot] = flags;
    this.isWrite[slot] = isWrite;
  }
}
