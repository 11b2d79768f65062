// One thread's two connections to /dev/fuse, as the FUSE code wants them. Every call blocks the thread.
//
// A thread with nothing parked blocks in read(2) of the first: the kernel wakes one such reader for each
// request. A thread with reads parked polls, and another may then be faster: its read must not block, and
// O_NONBLOCK belongs to the open file, so it has a second one. Both lead to the same mount
// (FUSE_DEV_IOC_CLONE); a reply goes back by the one that its request has come by.
import type { CachedFile } from "../session/cached_file.ts";
import { type Kernel, Unmounted } from "../fuse/kernel.ts";
import { INPUT_BYTES, OUTPUT_BYTES } from "../fuse/limits.ts";
import type { SharedState } from "../shared/shared_state.ts";
import { EAGAIN, ECONNABORTED, ENODEV, ENOENT } from "../sys/errno.ts";
import { drainEventFd, ringEventFd } from "../sys/eventfd.ts";
import { tryRead, tryWrite } from "../sys/fd.ts";
import { NativeMemory } from "../sys/memory.ts";
import { POLLIN, PollSet } from "../sys/poll.ts";
import { unwrap } from "../sys/system_error.ts";
import type { FuseInit } from "./fuse_init.ts";

const BLOCKING = 0;
const POLLED = 1;

/** The buffers of a thread. */
export class FuseBuffers {
  readonly input = NativeMemory.allocate(INPUT_BYTES);
  readonly output = NativeMemory.allocate(OUTPUT_BYTES);

  /** Gives the memory back; nothing uses the buffers any more. */
  release(): void {
    this.input.release();
    this.output.release();
  }
}

/**
 * One thread's two connections to /dev/fuse. Its calls block. Woken by the unmounting; out of
 * `wait` also by the session's eventfd.
 */
export class FuseKernel implements Kernel {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  lane = BLOCKING;
  readonly #inputAddress: number;
  readonly #outputAddress: number;
  readonly #lanes: readonly [number, number];
  readonly #eventFd: number;
  readonly #otherEventFds: readonly number[];
  readonly #cached: CachedFile;
  readonly #poll = new PollSet(2);
  #receiving = true;

  constructor(init: FuseInit, state: SharedState, buffers: FuseBuffers, cached: CachedFile) {
    this.input = buffers.input.bytes;
    this.output = buffers.output.bytes;
    this.#inputAddress = buffers.input.address;
    this.#outputAddress = buffers.output.address;
    this.#lanes = init.lanes;
    this.#eventFd = state.eventFd(init.session);
    this.#otherEventFds = init.threads.filter((session) => session !== init.session)
      .map((session) => state.eventFd(session));
    this.#cached = cached;
    this.#poll.set(0, init.lanes[POLLED], POLLIN);
    this.#poll.set(1, this.#eventFd, POLLIN);
  }

  receive(): number {
    this.lane = BLOCKING;
    for (;;) {
      const length = this.#read(BLOCKING);
      if (length > 0) return length;
    }
  }

  tryReceive(): number {
    this.lane = POLLED;
    return this.#read(POLLED);
  }

  /** @returns 0 when there is no request, or no longer. */
  #read(lane: number): number {
    const length = tryRead(this.#lanes[lane]!, this.#inputAddress, INPUT_BYTES);
    if (length > 0) return length;
    // ENOENT: the program was killed before the kernel handed its request over.
    if (length === -EAGAIN || length === -ENOENT) return 0;
    if (length === -ENODEV || length === -ECONNABORTED) throw new Unmounted();
    return unwrap(length, "read", { path: "/dev/fuse" });
  }

  send(lane: number, start: number, end: number): void {
    const result = tryWrite(this.#lanes[lane]!, this.#outputAddress + start, end - start);
    // ENOENT: no program waits for it any more. ENODEV: the next read says the same.
    if (result < 0 && result !== -ENOENT && result !== -ENODEV && result !== -ECONNABORTED) {
      unwrap(result, "write", { path: "/dev/fuse", length: end - start });
    }
  }

  wait(timeoutMs: number, receiving: boolean): void {
    // The flag first, the queue second: what ends in between rings the eventfd.
    if (!this.#cached.armWakeUp()) return;
    if (receiving !== this.#receiving) {
      this.#receiving = receiving;
      this.#poll.set(0, receiving ? this.#lanes[POLLED] : -1, POLLIN);
    }
    this.#poll.wait(timeoutMs);
    this.#cached.disarmWakeUp();
    if (this.#poll.revents(1) !== 0) drainEventFd(this.#eventFd);
  }

  callOthers(): void {
    for (const fd of this.#otherEventFds) ringEventFd(fd);
  }
}
