// A request as the reader works on it. One object for each slot of the shared queue, used again and again.
import { KIND_BYPASS, KIND_WRITE } from "../shared/shared_state.ts";
import type { PendingRescue } from "./pending_rescue.ts";

/** One request as the reader works on it, beyond the fields of the shared slot. */
export class PendingRead {
  readonly slot: number;
  /** Number of the session that has asked. */
  readonly session: number;
  /** Counts up from one request to the next. */
  arrival = 0;
  /** Its turn within its session: `arrival`, or a later number once it has been put behind the others. */
  line = 0;
  kind = 0;
  /** Whole sectors: bytes from the start of the device. */
  offset = 0;
  end = 0;
  /** Everything before it has been read or found unreadable for this request. */
  cursor = 0;
  /** Address of a bounce buffer, or 0. */
  bounce = 0;
  /** Some bytes were read but not kept in the image. */
  unkept = false;
  /** Since when it has waited for a device that does not answer, milliseconds; undefined: it does not. */
  silentSinceMs: number | undefined = undefined;
  /** The rescue in whose stretch the cursor stands, or undefined. PendingReads keeps it. */
  rescue: PendingRescue | undefined = undefined;
  /** It is in the list by cursor. PendingReads keeps this field and the next one. */
  isListed = false;
  hasEnded = false;
  /** Index among the requests of its session, -1 while it is not among them. SessionRequests keeps it. */
  index = -1;

  constructor(slot: number, session: number) {
    this.slot = slot;
    this.session = session;
  }

  /** Takes a new request over. */
  begin(arrival: number, kind: number, offset: number, end: number, bounce: number): void {
    this.arrival = this.line = arrival;
    this.kind = kind;
    this.offset = offset;
    this.end = end;
    this.cursor = offset;
    this.bounce = bounce;
    this.unkept = false;
    this.silentSinceMs = undefined;
    this.rescue = undefined;
    this.isListed = false;
    this.hasEnded = false;
    this.index = -1;
  }

  /** A client waits for bytes. */
  get isRead(): boolean {
    return this.kind <= KIND_BYPASS;
  }

  /** A client waits for a change of the device. */
  get isWrite(): boolean {
    return this.kind >= KIND_WRITE;
  }

  get length(): number {
    return this.end - this.offset;
  }

  overlaps(start: number, end: number): boolean {
    return this.offset < end && this.end > start;
  }
}
