// One client's socket as the NBD code wants it. Session thread only; every call blocks it.
import { alignUp } from "../base/ranges.ts";
import { Eagerness } from "../base/eagerness.ts";
import { ENDED, IDLE, type Peer, PeerGone, READABLE } from "../nbd/peer.ts";
import { INPUT_BYTES, OUTPUT_BYTES } from "../nbd/limits.ts";
import type { MemoryBudget } from "../shared/memory_budget.ts";
import { drainEventFd } from "../sys/eventfd.ts";
import { EAGAIN, errnoName } from "../sys/errno.ts";
import { NativeMemory } from "../sys/memory.ts";
import { POLLIN, POLLRDHUP, PollSet } from "../sys/poll.ts";
import { tryRecv, tryRecvNow, trySendAll, trySendFile } from "../sys/socket.ts";
import type { CachedFile } from "../session/cached_file.ts";

/** Looks for the client's next request before the thread sleeps in recv: some 60 microseconds. */
const REQUEST_LOOKS = 150;
/** Looks for the end of the only parked read before the thread sleeps in poll: some 90 microseconds. */
const ENDED_LOOKS = 1000;

/** How long a large reply waits for memory, milliseconds. */
const ROOM_MS = 5000;
/** Granularity of the memory for a reply, bytes: budgets count in units. */
const ROOM_STEP = 65_536;

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

/**
 * One client's socket as the NBD code uses it. Its calls block. Session thread only. Woken by
 * shutting the socket down, and by the session's eventfd.
 */
export class SocketPeer implements Peer {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  readonly #inputAddress: number;
  readonly #outputAddress: number;
  readonly #socket: number;
  readonly #eventFd: number;
  readonly #cached: CachedFile;
  readonly #poll = new PollSet(2);
  readonly #requestEagerness = new Eagerness(REQUEST_LOOKS);
  readonly #endedEagerness = new Eagerness(ENDED_LOOKS);
  readonly #position = new BigInt64Array(1);
  readonly #buffers: SessionBuffers;
  readonly #memory: MemoryBudget;
  /** Memory that has been taken for the output. */
  #room = 0;
  #receiving = true;

  /**
   * @param cached whose reads may end during a wait.
   * @param memory what all sessions have together for large replies.
   */
  constructor(
    socket: number,
    eventFd: number,
    buffers: SessionBuffers,
    cached: CachedFile,
    memory: MemoryBudget,
  ) {
    this.#buffers = buffers;
    this.#memory = memory;
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
    let count = this.#receiveSoon(start, end);
    if (count === -EAGAIN) {
      count = tryRecv(this.#socket, this.#inputAddress + start, end - start);
    }
    if (count === -EAGAIN) return IDLE;
    if (count < 0) throw new PeerGone(`recv: ${errnoName(-count)}`);
    return count;
  }

  /** Looks for a moment, when that mostly pays. @returns -EAGAIN when nothing has come. */
  #receiveSoon(start: number, end: number): number {
    const looks = this.#requestEagerness.looks();
    for (let look = 0; look < looks; look++) {
      const count = tryRecvNow(this.#socket, this.#inputAddress + start, end - start);
      if (count === -EAGAIN) continue;
      this.#requestEagerness.won();
      return count;
    }
    if (looks > 0) this.#requestEagerness.lost();
    return -EAGAIN;
  }

  makeRoom(bytes: number): boolean {
    const room = alignUp(bytes, ROOM_STEP);
    if (room <= this.#room) return true;
    const mayWait = () => !this.#cached.ending;
    if (!this.#memory.takeWaiting(room - this.#room, ROOM_MS, mayWait)) return false;
    this.#room = room;
    return true;
  }

  /** Gives back the memory of replies that have been sent, or never will be. */
  giveRoomBack(): void {
    if (this.#room === 0) return;
    this.#buffers.output.discard();
    this.#memory.give(this.#room);
    this.#room = 0;
  }

  send(start: number, end: number, more = false): void {
    const result = trySendAll(this.#socket, this.#outputAddress + start, end - start, more);
    if (result < 0) throw new PeerGone(`send: ${errnoName(-result)}`);
    this.giveRoomBack();
  }

  sendFile(fd: number, offset: number, length: number): void {
    const result = trySendFile(this.#socket, fd, offset, length, this.#position);
    if (result === length) return;
    // The reply cannot be taken back. If it is the image's fault, reading shows it, and nobody sends from it
    // unread from now on.
    this.#cached.readCached(0, offset, length);
    throw new PeerGone(
      result < 0 ? `sendfile: ${errnoName(-result)}` : "the image has been cut short",
    );
  }

  wait(timeoutMs: number, receiving: boolean): number {
    if (this.#endsSoon()) return ENDED;
    // The flag first, the queue second: what ends in between rings the eventfd.
    if (this.#cached.armWakeUp() === false) return ENDED;
    if (receiving !== this.#receiving) {
      this.#receiving = receiving;
      this.#poll.set(0, this.#socket, receiving ? POLLIN : POLLRDHUP);
    }
    this.#poll.wait(timeoutMs);
    this.#cached.disarmWakeUp();
    // A client that we do not read from would leave unnoticed otherwise. At the end of the run main shuts the socket.
    if (!receiving && this.#poll.revents(0) !== 0 && !this.#cached.ending) {
      throw new PeerGone("the client has closed the connection");
    }
    let found = 0;
    if (receiving && this.#poll.revents(0) !== 0) found |= READABLE;
    if (this.#poll.revents(1) !== 0) {
      drainEventFd(this.#eventFd);
      found |= ENDED;
    }
    return found;
  }

  /** Looks for a moment, when that mostly pays, unless other reads may end or the client may ask for more. */
  #endsSoon(): boolean {
    const cached = this.#cached;
    if (cached.pending.underWay !== 1) return false;
    const looks = this.#endedEagerness.looks();
    for (let look = 0; look < looks; look++) {
      if (cached.hasEnded) {
        this.#endedEagerness.won();
        return true;
      }
      Atomics.pause();
    }
    if (looks > 0) this.#endedEagerness.lost();
    return false;
  }
}
