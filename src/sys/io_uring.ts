// Reads and writes through io_uring(7), one at a time, so that a thread which waits for a hanging device can be left
// behind. A thread inside pread(2) of a device sleeps uninterruptibly: the process cannot end before the
// drive answers, which may take minutes. A thread that waits for io_uring sleeps interruptibly, and the
// kernel cleans the request up later. That holds for O_DIRECT reads of block devices; buffered reads are
// handed to a kernel thread of this process and hang as before.
import { assert } from "../base/assert.ts";
import { EINTR } from "./errno.ts";
import { closeFd } from "./fd.ts";
import { errno, libc } from "./libc.ts";
import { addressOf, bytesAt, MAP_SHARED, PROT_READ, PROT_WRITE, unmapMemory } from "./memory.ts";
import { retried, SystemError } from "./system_error.ts";

// asm-generic/unistd.h; the same on x86_64.
export const SYS_io_uring_setup = 425;
export const SYS_io_uring_enter = 426;
// linux/io_uring.h
export const IORING_OFF_SQ_RING = 0;
export const IORING_OFF_SQES = 0x10000000;
export const IORING_FEAT_SINGLE_MMAP = 1;
export const IORING_ENTER_GETEVENTS = 1;
export const IORING_OP_READ = 22;
export const IORING_OP_WRITE = 23;

// struct io_uring_params: sq_entries, cq_entries, ..., features at 20, sq_off at 40, cq_off at 80.
const PARAMS_BYTES = 120;
const SQE_BYTES = 64;
const CQE_BYTES = 16;

/** A ring for one thread. Made once, kept for the thread's life. */
export class UringReader {
  readonly #ring: number;
  readonly #mappings: readonly RingMapping[];
  readonly #words: Int32Array;
  readonly #sqe: DataView;
  readonly #sqTail: number;
  readonly #cqHead: number;
  readonly #cqTail: number;
  readonly #cqMask: number;
  readonly #cqes: number;

  /** @returns undefined where the kernel has no io_uring for us: too old, or forbidden. */
  static create(): UringReader | undefined {
    const params = new Uint8Array(PARAMS_BYTES);
    const address = addressOf(params);
    const ring = retried(() =>
      libc.syscall(BigInt(SYS_io_uring_setup), 1n, BigInt(address), 0n, 0n, 0n, 0n)
    );
    if (ring < 0) return undefined;
    const view = new DataView(params.buffer);
    const features = view.getUint32(20, true);
    if ((features & IORING_FEAT_SINGLE_MMAP) === 0) {
      closeFd(ring);
      return undefined;
    }
    return new UringReader(ring, view);
  }

  private constructor(ring: number, params: DataView) {
    this.#ring = ring;
    const word = (offset: number) => params.getUint32(offset, true);
    const sqEntries = word(0);
    const cqEntries = word(4);
    const sqArray = word(64);
    this.#cqes = word(100);
    const ringBytes = Math.max(sqArray + 4 * sqEntries, this.#cqes + CQE_BYTES * cqEntries);
    const queues = mapRing(ring, ringBytes, IORING_OFF_SQ_RING);
    const entries = mapRing(ring, SQE_BYTES, IORING_OFF_SQES);
    this.#mappings = [queues, entries];
    this.#words = new Int32Array(queues.bytes.buffer, 0, ringBytes >> 2);
    this.#sqTail = word(44) >> 2;
    this.#cqHead = word(80) >> 2;
    this.#cqTail = word(84) >> 2;
    this.#cqMask = this.#words[word(88) >> 2]!;
    // One entry, so the submission array always says: entry 0.
    assert(sqEntries === 1, "the ring has one entry");
    this.#words[sqArray >> 2] = 0;
    this.#sqe = new DataView(entries.bytes.buffer);
  }

  /** Gives the ring back. No read may be under way. */
  close(): void {
    for (const { bytes, address } of this.#mappings) unmapMemory(bytes, address, bytes.length);
    closeFd(this.#ring);
  }

  /**
   * One read at a position, like `tryPread`; sleeps interruptibly.
   * @returns bytes, possibly fewer than asked; 0 at the end; or -errno, -EINVAL also on a kernel before 5.6.
   */
  tryPread(fd: number, address: number, length: number, offset: number): number {
    return this.#transfer(IORING_OP_READ, fd, address, length, offset);
  }

  /** One write at a position; sleeps interruptibly. @returns bytes, possibly fewer than asked, or -errno. */
  tryPwrite(fd: number, address: number, length: number, offset: number): number {
    return this.#transfer(IORING_OP_WRITE, fd, address, length, offset);
  }

  #transfer(
    operation: number,
    fd: number,
    address: number,
    length: number,
    offset: number,
  ): number {
    const sqe = this.#sqe;
    sqe.setUint32(0, operation, true); // opcode, flags, ioprio
    sqe.setInt32(4, fd, true);
    sqe.setBigUint64(8, BigInt(offset), true);
    sqe.setBigUint64(16, BigInt(address), true);
    sqe.setUint32(24, length, true);
    const words = this.#words;
    // Publishes the entry to the kernel, which reads the tail with acquire.
    Atomics.store(words, this.#sqTail, (words[this.#sqTail]! + 1) | 0);
    let toSubmit = 1n;
    for (;;) {
      const submitted = libc.syscall(
        BigInt(SYS_io_uring_enter),
        BigInt(this.#ring),
        toSubmit,
        1n,
        BigInt(IORING_ENTER_GETEVENTS),
        0n,
        0n,
      );
      const error = errno();
      if (submitted < 0 && error !== EINTR) return -error;
      // Interrupted after the submission the call says how many it took; interrupted before it, EINTR.
      if (submitted > 0) toSubmit = 0n;
      const head = words[this.#cqHead]!;
      if (head === Atomics.load(words, this.#cqTail)) continue;
      const at = this.#cqes + (head & this.#cqMask) * CQE_BYTES;
      const result = words[(at + 8) >> 2]!;
      Atomics.store(words, this.#cqHead, (head + 1) | 0);
      return result;
    }
  }
}

interface RingMapping {
  readonly address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function mapRing(ring: number, size: number, offset: number): RingMapping {
  const protection = PROT_READ | PROT_WRITE;
  const address = libc.mmap(0n, BigInt(size), protection, MAP_SHARED, ring, BigInt(offset));
  const error = errno();
  if (address === -1n) throw new SystemError(error, "mmap", { fd: ring, length: size });
  return { address: Number(address), bytes: bytesAt(Number(address), size) };
}
