// One client's socket as the NBD code wants it. Session thread only; every call blocks it.
import { ENDED, type Peer, PeerGone, READABLE } from "../nbd/peer.ts";
import { INPUT_BYTES, OUTPUT_BYTES } from "../nbd/limits.ts";
import { drainEventFd } from "../sys/eventfd.ts";
import { errnoName } from "../sys/errno.ts";
import { NativeMemory } from "../sys/memory.ts";
import { POLLIN, PollSet } from "../sys/poll.ts";
import { tryRecv, trySendAll } from "../sys/socket.ts";
import type { CachedFile } from "../cache/cached_file.ts";

/** The buffers of a session, used for one client after the other. */
export class SessionBuffers {
  readonly input = NativeMemory.allocate(INPUT_BYTES);
  readonly output = NativeMemory.allocate(OUTPUT_BYTES);

  /** Gives the memory back; nothing uses the buffers any more. */
  release(): void {
    this.input.release();
    this.output.release();
  }
}

/** See the head of this file. Woken by shutting the socket down, and by the session's eventfd. */
export class SocketPeer implements Peer {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  readonly #inputAddress: number;
  readonly #outputAddress: number;
  readonly #socket: number;
  readonly #eventFd: number;
  readonly #cached: CachedFile | undefined;
  readonly #poll = new PollSet(2);
  #receiving = true;

  /** @param cached whose reads may end during a wait; undefined: there is nothing to read. */
  constructor(
    socket: number,
    eventFd: number,
    buffers: SessionBuffers,
    cached: CachedFile | undefined,
  ) {
    this.input = buffers.input.bytes;
    this.output = buffers.output.bytes;
    this.#inputAddress = buffers.input.address;
    this.#outputAddress = buffers.output.address;
    this.#socket = socket;
    this.#eventFd = eventFd;
    this.#cached = cached;
    this.#poll.set(0, socket, POLLIN);
    this.#poll.set(1, eventFd, POLLIN);
  }

  receive(start: number, end: number): number {
    const count = tryRecv(this.#socket, this.#inputAddress + start, end - start);
    if (count < 0) throw new PeerGone(`recv: ${errnoName(-count)}`);
    return count;
  }

  send(start: number, end: number): void {
    const result = trySendAll(this.#socket, this.#outputAddress + start, end - start);
    if (result < 0) throw new PeerGone(`send: ${errnoName(-result)}`);
  }

  wait(timeoutMs: number, receiving: boolean): number {
    // The flag first, the queue second: what ends in between rings the eventfd.
    if (this.#cached?.armWakeUp() === false) return ENDED;
    if (receiving !== this.#receiving) {
      this.#receiving = receiving;
      this.#poll.set(0, receiving ? this.#socket : -1, POLLIN);
    }
    this.#poll.wait(timeoutMs);
    this.#cached?.disarmWakeUp();
    let found = 0;
    if (receiving && this.#poll.revents(0) !== 0) found |= READABLE;
    if (this.#poll.revents(1) !== 0) {
      drainEventFd(this.#eventFd);
      found |= ENDED;
    }
    return found;
  }
}
