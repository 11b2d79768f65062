// System calls that fail: retried when a signal interrupts them, and one class of error with words for a person.
import { printable } from "../base/printable.ts";
import { EINTR, errnoMessage, errnoName } from "./errno.ts";
import { errno } from "./libc.ts";

/** What a failed call was about; `offset` and `length` are bytes. */
export interface CallDetails {
  path?: string;
  fd?: number;
  offset?: number;
  length?: number;
  cause?: unknown;
}

// Calls whose name is not the verb that a person would use.
const VERBS: Readonly<Record<string, string>> = {
  bind: "listen on",
  connect: "connect to",
  fallocate: "punch a hole in",
  fdatasync: "sync",
  flock: "lock",
  fsync: "sync",
  ftruncate: "resize",
  lseek: "seek in",
  mmap: "map",
  mkdirat: "make the directory",
  pread: "read",
  pwrite: "write",
  readlinkat: "read the link",
  renameat: "replace",
  statfs: "inspect the file system of",
  statx: "inspect",
  umount2: "unmount",
  unlinkat: "remove",
};
const PLAIN_VERBS = ["close", "mount", "open", "read", "write"];

/** A system call failed. The message reads `cannot read "/dev/sr0" at 0 (512 bytes): ... (EIO)`. */
export class SystemError extends Error {
  override name = "SystemError";
  /** Positive error number. */
  readonly errno: number;
  /** Its symbol, "EIO". */
  readonly code: string;
  readonly syscall: string;
  readonly path: string | undefined;
  readonly fd: number | undefined;
  readonly offset: number | undefined;
  readonly length: number | undefined;

  constructor(errno: number, syscall: string, details: CallDetails = {}) {
    super(
      `${describe(syscall, details)}: ${errnoMessage(errno)} (${errnoName(errno)})`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.errno = errno;
    this.code = errnoName(errno);
    this.syscall = syscall;
    this.path = details.path;
    this.fd = details.fd;
    this.offset = details.offset;
    this.length = details.length;
  }
}

/**
 * Repeats a call until no signal interrupts it. Allocates, so it is not for calls on the way of a byte.
 * @param attempt makes the call once; errno must still be that of the call when it returns.
 * @returns the result of the call, or -errno.
 */
export function retried(attempt: () => number): number {
  for (;;) {
    const result = attempt();
    if (result >= 0) return result;
    const error = errno();
    if (error !== EINTR) return -error;
  }
}

/**
 * Turns the result of a `try...` function into a value or an exception.
 * @param result a value from 0 up, or a negative error number.
 * @throws {SystemError} when `result` is negative.
 */
export function unwrap(result: number, syscall: string, details?: CallDetails): number {
  if (result < 0) throw new SystemError(-result, syscall, details);
  return result;
}

function describe(syscall: string, details: CallDetails): string {
  const verb = VERBS[syscall] ?? (PLAIN_VERBS.includes(syscall) ? syscall : `call ${syscall} on`);
  const words = [`cannot ${verb}`];
  if (details.path !== undefined) words.push(`"${printable(details.path)}"`);
  else if (details.fd !== undefined) words.push(`file descriptor ${details.fd}`);
  else if (verb.endsWith(" on")) words[0] = `cannot ${verb.slice(0, -" on".length)}`;
  if (details.offset !== undefined) words.push(`at ${details.offset}`);
  if (details.length !== undefined) words.push(`(${details.length} bytes)`);
  return words.join(" ");
}
