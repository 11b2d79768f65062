// The transmission phase of a session: receives requests, has them answered, waits for the device.
//
// Everything pending is sent before anything that may block: waiting for the client, for a parked read,
// for a free slot. While reads are parked, hits on the same connection go on being answered.
// Source: doc/proto.md, "Transmission".

import type { PendingRequests } from "../base/pending_requests.ts";
import type { Counters } from "../base/counters.ts";
import { replyToEndedRead } from "./ended_read.ts";
import type { Negotiated } from "./negotiated.ts";
import type { ParkedReads } from "./parked_reads.ts";
import { ENDED, IDLE, type Peer, READABLE } from "./peer.ts";
import type { ReceivedBytes } from "./received_bytes.ts";
import { Replies } from "./replies.ts";
import { type ErrorReply, SHUTTING_DOWN, TIMED_OUT } from "./request_rules.ts";
import { HUNGRY, LEFT, Requests } from "./requests.ts";
import { ProtocolError, type SessionEnd } from "./session_end.ts";
import type { NbdBackend } from "./backend.ts";

/** Most receives of a session that is ending, for requests that are on their way. */
const LAST_RECEIVES = 16;

/** One client's transmission phase. */
export class Transmission {
  readonly #peer: Peer;
  readonly #received: ReceivedBytes;
  readonly #replies: Replies;
  readonly #requests: Requests;
  readonly #parked: ParkedReads;
  readonly #pending: PendingRequests;
  readonly #backend: NbdBackend;
  readonly #timeoutMs: number;
  readonly #now: () => number;

  /** @param timeoutMs longest time a client waits for the device; 0: for ever. */
  constructor(
    received: ReceivedBytes,
    parked: ParkedReads,
    negotiated: Negotiated,
    timeoutMs: number,
    now: () => number,
    counters: Counters | undefined,
  ) {
    this.#peer = received.peer;
    this.#received = received;
    this.#replies = new Replies(received.peer, negotiated.mode, counters);
    const deadline = () => timeoutMs === 0 ? Infinity : now() + timeoutMs;
    this.#requests = new Requests(received, this.#replies, parked, negotiated, deadline);
    this.#parked = parked;
    this.#pending = parked.pending;
    this.#backend = parked.backend;
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  /**
   * Serves until the session is over, or the client idle between two requests. Reads may be left parked: the caller abandons them.
   * @throws {PeerGone}
   * @throws {ProtocolError} when the client must be closed; the replies due have been sent.
   */
  run(): SessionEnd {
    try {
      return this.#serve();
    } catch (error) {
      if (error instanceof ProtocolError) this.#replies.send();
      throw error;
    }
  }

  #serve(): SessionEnd {
    for (;;) {
      if (this.#backend.ending) return this.#refuseTheRest();
      const pause = this.#requests.answer();
      this.#replies.send();
      if (pause === LEFT) return this.#answerOutstanding();
      if (pause === HUNGRY && this.#pending.waiting === 0) {
        const count = this.#received.receive();
        if (count === 0) return this.#closed();
        if (count === IDLE && this.#requests.isBetween && !this.#backend.ending) {
          return { reason: "idle", message: "" };
        }
        continue;
      }
      const events = this.#peer.wait(this.#waitMs(), pause === HUNGRY);
      this.#answerWaiting(events);
      if (pause === HUNGRY && (events & READABLE) !== 0 && this.#received.receive() === 0) {
        return this.#closed();
      }
    }
  }

  /** Answers parked reads after a wait: those that have ended, and those whose time is over. */
  #answerWaiting(events: number): void {
    if ((events & ENDED) !== 0) {
      for (let slot = this.#backend.nextEnded(); slot >= 0; slot = this.#backend.nextEnded()) {
        this.#answeringSlot(slot);
        replyToEndedRead(this.#replies, this.#parked, slot);
        this.#replies.sendMuch();
      }
    }
    if (this.#timeoutMs === 0) return;
    const now = this.#now();
    for (let slot = this.#pending.overdue(now); slot >= 0; slot = this.#pending.overdue(now)) {
      this.#giveUp(slot, TIMED_OUT);
    }
  }

  /** Refuses a parked read; its slot stays taken until the device is done with it. */
  #giveUp(slot: number, refusal: ErrorReply): void {
    this.#pending.abandon(slot);
    this.#answeringSlot(slot);
    this.#replies.refuse(refusal);
  }

  #answeringSlot(slot: number): void {
    const { cookieHigh, cookieLow } = this.#parked;
    const offset = this.#pending.offsets[slot]!;
    this.#replies.answering(
      cookieHigh[slot]!,
      cookieLow[slot]!,
      offset / 2 ** 32 | 0,
      offset | 0,
    );
  }

  /** Time until a parked read may be overdue, for `Peer.wait`. */
  #waitMs(): number {
    const { nextDeadline } = this.#pending;
    return nextDeadline === Infinity ? -1 : Math.max(0, Math.ceil(nextDeadline - this.#now()));
  }

  /** The backend is ending: answers parked and incoming requests with ESHUTDOWN. */
  #refuseTheRest(): SessionEnd {
    this.#requests.ending = true;
    for (let slot = this.#pending.any(); slot >= 0; slot = this.#pending.any()) {
      this.#giveUp(slot, SHUTTING_DOWN);
    }
    for (let count = 0; count < LAST_RECEIVES; count++) {
      const pause = this.#requests.answer();
      this.#replies.send();
      // The wait may end because of an abandoned request, without news for this client.
      this.#backend.nextEnded();
      if (pause === LEFT || (this.#peer.wait(0, true) & READABLE) === 0) break;
      if (this.#received.receive() <= 0) break;
    }
    return { reason: "ending", message: "" };
  }

  /** The client has sent NBD_CMD_DISC: what it asked for before is still answered, while it listens. */
  #answerOutstanding(): SessionEnd {
    while (this.#pending.waiting > 0) {
      if (this.#backend.ending) return this.#refuseTheRest();
      const events = this.#peer.wait(this.#waitMs(), true);
      this.#answerWaiting(events);
      this.#replies.send();
      if ((events & READABLE) === 0) continue;
      // Nothing may follow; the end of the stream does, when the client has closed the socket.
      this.#received.skip(this.#received.length);
      if (this.#received.receive() <= 0) break;
    }
    return { reason: "left", message: "" };
  }

  /** The client has closed without a good-bye, or the server has shut the connection down. */
  #closed(): SessionEnd {
    if (this.#backend.ending) return this.#refuseTheRest();
    // It may listen although it says no more.
    this.#replies.send();
    return { reason: "gone", message: "the client closed without NBD_CMD_DISC" };
  }
}
