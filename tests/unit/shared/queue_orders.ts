// What the threads of request_queue_test tell each other.
import type { SessionQueue } from "../../../src/shared/request_queue.ts";

/** Word of the control memory: the reader stub ends when it is not 0. */
export const QUIT = 0;
/** Bytes of the control memory. */
export const CONTROL_BYTES = 16;

/** What a worker needs to begin. */
export interface Orders {
  state: SharedArrayBuffer;
  sessions: number;
  control: SharedArrayBuffer;
  /** Of a session worker; -1 for the reader stub. */
  session: number;
  seed: number;
  /** Requests that a session makes. */
  requests: number;
}

/** What a session worker has seen. */
export interface SessionReport {
  posted: number;
  ended: number;
  cancelled: number;
  hints: number;
  /** Sleeps that nobody ended although something was due. */
  missedWakeUps: number;
  /** The first thing that was wrong, or "". */
  finding: string;
}

/** What the reader stub has seen. */
export interface ReaderReport {
  taken: number;
  hints: number;
  /** Sleeps that ended by their time although something was queued. */
  missedBells: number;
  finding: string;
}

/** What the reader stub answers: no two requests in flight have the same. */
export function resultOf(kind: number, offset: number, length: number): number {
  return (Math.imul(offset, 31) + Math.imul(length, 7) + kind) & 0x7fffffff;
}

/** What it answers to a cancelled one. */
export const CANCELLED = -1;

/** Far longer than any wake-up takes, milliseconds: a sleep of this length was never ended. */
export const LOST_MS = 5000;

/** Queues a request in a slot, as a session does. */
export function park(
  queue: SessionQueue,
  slot: number,
  kind: number,
  offset: number,
  length: number,
  bounce: number,
): void {
  queue.note(slot, kind, offset, length);
  queue.ask(slot, bounce);
}
