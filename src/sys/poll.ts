// poll(2) over a few descriptors that stay the same from call to call, by the calling thread or for it.
import { assert } from "../base/assert.ts";
import { EINTR } from "./errno.ts";
import { errno, libc } from "./libc.ts";
import { SystemError } from "./system_error.ts";

// asm-generic/poll.h
export const POLLIN = 0x01;
export const POLLPRI = 0x02;
export const POLLOUT = 0x04;
export const POLLERR = 0x08;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;
/** The peer has shut its sending side. */
export const POLLRDHUP = 0x2000;

// struct pollfd { int fd; short events; short revents; }
const POLLFD_SIZE = 8;

/** poll(2) on another thread. Its errno is lost with it. Loaded where it is used. */
let elsewhere:
  | { poll(fds: BufferSource, count: bigint, timeoutMs: number): Promise<number> }
  | undefined;

/** Longest time that a wait keeps a thread of the pool from other work, milliseconds. */
const TURN_MS = 1000;

/** A fixed number of entries, each empty or watching one descriptor. For one thread. */
export class PollSet {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #fds: Int32Array;
  readonly #events: Int16Array;
  readonly #count: bigint;

  constructor(count: number) {
    this.#bytes = new Uint8Array(count * POLLFD_SIZE);
    this.#fds = new Int32Array(this.#bytes.buffer);
    this.#events = new Int16Array(this.#bytes.buffer);
    this.#count = BigInt(count);
    for (let index = 0; index < count; index++) this.set(index, -1, 0);
  }

  /** Watches `fd` for `events`; POLLERR and POLLHUP are always watched. -1 leaves the entry empty. */
  set(index: number, fd: number, events: number): void {
    assert(BigInt(index) < this.#count, "poll set index");
    this.#fds[index * 2] = fd;
    this.#events[index * 4 + 2] = events;
    this.#events[index * 4 + 3] = 0;
  }

  /**
   * Blocks until a descriptor is ready or the time is over.
   * @param timeoutMs milliseconds; 0 only looks, -1 waits for ever.
   * @returns the number of entries that are ready; 0 when the time is over.
   */
  wait(timeoutMs: number): number {
    const deadline = timeoutMs > 0 ? performance.now() + timeoutMs : 0;
    let leftMs = timeoutMs;
    for (;;) {
      // Rounded up: a wait that ends early would be repeated at once, in a busy loop.
      const ready = libc.poll(this.#bytes, this.#count, Math.ceil(leftMs));
      if (ready >= 0) return ready;
      const error = errno();
      if (error !== EINTR) throw new SystemError(error, "poll");
      if (timeoutMs > 0) leftMs = Math.max(0, deadline - performance.now());
    }
  }

  /**
   * Resolves when a descriptor is ready; the calling thread goes on meanwhile. For main: it costs a thread of
   * Deno's pool and a tenth of a millisecond. Nothing else may be done with the set until then.
   *
   * The thread looks up now and then: where no other can be had, it is needed for main's other work.
   * @throws {SystemError}
   */
  async waitElsewhere(): Promise<void> {
    elsewhere ??= Deno.dlopen("libc.so.6", {
      poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
    }).symbols;
    // Why it has returned cannot be told from here: a signal, or an error that is seen by looking.
    do await elsewhere.poll(this.#bytes, this.#count, TURN_MS); while (!this.isReady());
  }

  /** Whether a descriptor is ready now. */
  isReady(): boolean {
    return this.wait(0) > 0;
  }

  /** What the last `wait` found of an entry; 0 when it is not ready. */
  revents(index: number): number {
    return this.#events[index * 4 + 3]!;
  }
}
