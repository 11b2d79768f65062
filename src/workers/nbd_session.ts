// A session that answers NBD requests, of clients or of the kernel, with its buffers and its writer. Session thread
// only. Wiring only.
import type { Negotiated } from "../nbd/negotiated.ts";
import { ParkedReads } from "../nbd/parked_reads.ts";
import { serveClient } from "../nbd/serve_client.ts";
import type { SessionEnd } from "../nbd/session_end.ts";
import type { Writer } from "../nbd/writer.ts";
import type { CachedFile } from "../session/cached_file.ts";
import { MemoryBudget, POOL_REPLIES } from "../shared/memory_budget.ts";
import type { SharedState } from "../shared/shared_state.ts";
import { type OpenSession, openSession } from "./open_session.ts";
import type { SessionInit } from "./session_init.ts";
import { SessionBuffers, SocketPeer } from "./socket_peer.ts";
import type { Warning } from "./thread_messages.ts";
import { type Writable, writable } from "./writable.ts";

/** A session that answers NBD requests, for one peer after the other. Its thread only. */
export class NbdSession {
  readonly state: SharedState;
  /** The session's number in `state`. */
  readonly number: number;
  /** Rung when something that the session waits for has ended. */
  readonly eventFd: number;
  readonly cached: CachedFile;
  readonly #session: OpenSession;
  readonly #timeoutMs: number;
  readonly #buffers = new SessionBuffers();
  readonly #memory: MemoryBudget;
  readonly #written: Writable | undefined;
  readonly #parked: ParkedReads;

  /** @param tell is given warnings for the user. */
  constructor(init: SessionInit, tell: (warning: Warning) => void) {
    const session = openSession(init, this.#buffers.output);
    const { state, number, cached } = session;
    this.state = state;
    this.number = number;
    this.eventFd = state.eventFd(number);
    this.cached = cached;
    this.#session = session;
    this.#timeoutMs = init.timeoutMs;
    this.#memory = new MemoryBudget(state, number, POOL_REPLIES);
    this.#written = writable(init.served, cached, this.#buffers, tell);
    this.#parked = new ParkedReads(this.#written ?? cached);
  }

  /** Takes writes; undefined: the session only reads. */
  get writer(): Writer | undefined {
    return this.#written?.writer;
  }

  /** The client on a socket, for `serve`. The socket stays the caller's. */
  peer(socket: number): SocketPeer {
    return new SocketPeer(socket, this.eventFd, this.#buffers, this.cached, this.#memory);
  }

  /** As `serveClient`. */
  serve(peer: SocketPeer, negotiated: Negotiated): SessionEnd {
    const { counters } = this.#session;
    return serveClient(peer, this.#parked, negotiated, { timeoutMs: this.#timeoutMs, counters });
  }

  /** The peer has gone or is silent: the session gives its memory back. */
  endClient(peer: SocketPeer): void {
    this.cached.endClient();
    this.#written?.writer.endClient();
    peer.giveRoomBack();
    this.#buffers.output.discard();
  }

  /** Releases buffers and overlay at the end of the session. */
  release(): void {
    this.#buffers.release();
    this.#written?.writer.release();
  }
}
