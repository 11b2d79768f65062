// Whether a thread of ours may be started. The runtime ends the process when it lacks something for one, so it is
// asked for what it can have first. Main thread; takes a tenth of a millisecond.
import { UserError } from "../base/errors.ts";
import { EAGAIN, errnoMessage } from "../sys/errno.ts";
import {
  MAP_ANONYMOUS,
  MAP_NORESERVE,
  MAP_PRIVATE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  tryReserve,
} from "../sys/memory.ts";
import { freeDescriptors } from "../sys/process_limits.ts";
import { tryThreads } from "../sys/threads.ts";
import { SESSION_DESCRIPTORS, STARTING_DESCRIPTORS } from "./descriptor_budget.ts";

/** Addresses that the engine of a thread reserves: 620 MiB measured; the rest is for its heap to grow. Bytes. */
const THREAD_ADDRESSES = 1024 ** 3;
/** Memory that a thread writes to in its first second: 15 MiB measured. Bytes. */
const THREAD_MEMORY = 32 * 1024 * 1024;

/**
 * Names the resource that is too scarce for `count` more threads of ours; undefined: there is enough.
 * @param others threads that need nothing besides.
 */
export function missingForThreads(count: number, others = 0): string | undefined {
  const descriptors = count * SESSION_DESCRIPTORS + STARTING_DESCRIPTORS;
  if (freeDescriptors(descriptors) < descriptors) return "file descriptors (RLIMIT_NOFILE)";
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  if (
    tryReserve(count * THREAD_ADDRESSES, PROT_NONE, flags) < 0 ||
    tryReserve(count * THREAD_MEMORY, PROT_READ | PROT_WRITE, flags) < 0
  ) return "memory (RLIMIT_AS, RLIMIT_DATA)";
  const result = tryThreads(count + others);
  if (result === 0) return undefined;
  return result === -EAGAIN
    ? "threads (RLIMIT_NPROC, or pids.max of a control group)"
    : `threads: ${errnoMessage(-result)}`;
}

/** Threads of the runtime's pool that main's own work takes: it listens, writes files, and tells what happens. */
export const POOL_THREADS = 5;

/** @throws {UserError} when `count` threads for `what` cannot be started. */
export function requireThreads(count: number, what: string, others = 0): void {
  const missing = missingForThreads(count, others);
  if (missing === undefined) return;
  throw new UserError(`cannot start ${what}: there are too few ${missing}`, {
    hints: ["raise the limit: ulimit -a shows it, systemd units have LimitNOFILE= and TasksMax="],
  });
}
