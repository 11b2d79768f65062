// Memory outside the JavaScript heap, with an address that system calls of any thread can use; and what the kernel
// and malloc(3) do with the memory of the process.
import { assert } from "../base/assert.ts";
import { errno, libc } from "./libc.ts";
import { retried, SystemError, unwrap } from "./system_error.ts";

// asm-generic/mman-common.h
export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_ANONYMOUS = 0x20;
export const MAP_NORESERVE = 0x4000;
export const MADV_DONTNEED = 4;
export const MADV_RANDOM = 1;

/** An anonymous mapping: page aligned (fit for O_DIRECT), zero, committed page by page as it is used. */
export class NativeMemory {
  /** Address of the first byte; below 2^47, so a number is exact. */
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  /** The memory itself. Of length 0 after `release`. */
  readonly bytes: Uint8Array<ArrayBuffer>;

  private constructor(address: number, size: number) {
    this.address = address;
    this.size = size;
    this.bytes = bytesAt(address, size);
  }

  /** @throws {SystemError} ENOMEM. */
  static allocate(size: number): NativeMemory {
    assert(Number.isSafeInteger(size) && size > 0, `cannot allocate ${size} bytes`);
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    return new NativeMemory(mapMemory(size, PROT_READ | PROT_WRITE, flags), size);
  }

  /** Gives the pages back to the system; they read as zeros again. */
  discard(): void {
    const { address, size } = this;
    const result = retried(() => libc.madvise(BigInt(address), BigInt(size), MADV_DONTNEED));
    unwrap(result, "madvise", { length: size });
  }

  /** Unmaps it. No thread may use `address` any more; `bytes` and its subarrays become empty. */
  release(): void {
    unmapMemory(this.bytes, this.address, this.size);
  }
}

/** mallopt(3), malloc.h */
const M_ARENA_MAX = -8;

/** All threads that are started from now on take memory of malloc(3) from one heap: less is left idle in each. */
export function shareHeap(): void {
  libc.mallopt(M_ARENA_MAX, 1);
}

/** Gives back to the system what threads, also ones that have ended, have freed with free(3). Some ms. */
export function trimHeaps(): void {
  libc.malloc_trim(0n);
}

/** Switches off readahead around page faults: for the program's own code, where memory is short. */
export function adviseRandom(address: bigint, size: bigint): void {
  libc.madvise(address, size, MADV_RANDOM);
}

/** mmap(2) of memory that belongs to no file. @returns the address. @throws {SystemError} ENOMEM. */
function mapMemory(size: number, protection: number, flags: number): number {
  const address = libc.mmap(0n, BigInt(size), protection, flags, -1, 0n);
  const error = errno();
  if (address === -1n) {
    throw new SystemError(error, "mmap", { length: size });
  }
  return Number(address);
}

/** Reserves addresses and gives them back at once. @returns 0, or -errno: -ENOMEM. */
export function tryReserve(size: number, protection: number, flags: number): number {
  const address = libc.mmap(0n, BigInt(size), protection, flags, -1, 0n);
  const error = errno();
  if (address === -1n) return -error;
  libc.munmap(BigInt.asUintN(64, address), BigInt(size));
  return 0;
}

/** Unmaps memory and detaches the buffer over it, so that a late use is not a crash. */
export function unmapMemory(bytes: Uint8Array<ArrayBuffer>, address: number, size: number): void {
  assert(bytes.length === size, "memory was released twice");
  bytes.buffer.transfer();
  unwrap(retried(() => libc.munmap(BigInt(address), BigInt(size))), "munmap", { length: size });
}

/** A view of memory that we mapped; it does not keep the memory alive. */
export function bytesAt(address: number, size: number): Uint8Array<ArrayBuffer> {
  const pointer = Deno.UnsafePointer.create(BigInt(address))!;
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size));
}

/** Address of an array's first byte, good as long as the array is kept. For use off the hot path. */
export function addressOf(bytes: Uint8Array): number {
  return Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes as Uint8Array<ArrayBuffer>)));
}

// getrusage(2): linux/resource.h
const RUSAGE_SELF = 0;
/** struct rusage: two times of 16 bytes, then words of 8: maxrss, ixrss, idrss, isrss, minflt, majflt. */
const RUSAGE_BYTES = 144;
const MAJFLT_WORD = 9;

const usage = new BigInt64Array(RUSAGE_BYTES / BigInt64Array.BYTES_PER_ELEMENT);

/** Page faults of all threads since the start for which the kernel had to read from a disk. */
export function majorFaults(): number {
  unwrap(libc.getrusage(RUSAGE_SELF, new Uint8Array(usage.buffer)), "getrusage");
  return Number(usage[MAJFLT_WORD]);
}
