// What the system lets this process have: getrlimit(2) and its relatives, and what becomes of a signal.
import { errno, libc } from "./libc.ts";
import { retried, SystemError, unwrap } from "./system_error.ts";

// asm-generic/resource.h
export const RLIMIT_NOFILE = 7;
// asm-generic/signal.h
export const SIGXFSZ = 25;
const SIG_IGN = 1n;
// linux/fcntl.h
export const F_DUPFD_CLOEXEC = 1030;

/** A limit as the kernel has it; "no limit" is the largest 64-bit number. */
interface Limit {
  readonly soft: bigint;
  readonly hard: bigint;
}

/** Sets the soft limit of a resource to its hard one, which needs no privilege. @returns it. */
export function raiseToHardLimit(resource: number): bigint {
  const { soft, hard } = changeLimit(resource);
  if (soft !== hard) changeLimit(resource, { soft: hard, hard });
  return hard;
}

/** @returns the limit as it was before. @throws {SystemError} */
function changeLimit(resource: number, to?: Limit): Limit {
  const next = to === undefined ? null : new BigUint64Array([to.soft, to.hard]);
  const last = new BigUint64Array(2);
  const bytes = next === null ? null : Deno.UnsafePointer.of(next);
  unwrap(retried(() => libc.prlimit(0, resource, bytes, new Uint8Array(last.buffer))), "prlimit");
  return { soft: last[0]!, hard: last[1]! };
}

/** The signal has no effect on the process any more: a call that would have caused it just fails. */
export function ignoreSignal(signal: number): void {
  const last = libc.signal(signal, SIG_IGN);
  if (last === -1n) throw new SystemError(errno(), "signal");
}

/** A descriptor that is always open: standard error, which the runtime opens if it is closed at the start. */
const ALWAYS_OPEN = 2;

/** Opens descriptors that lead nowhere in particular, `most` or as many as there are. The caller closes them. */
export function takeDescriptors(most: number): number[] {
  const taken: number[] = [];
  while (taken.length < most) {
    const fd = retried(() => libc.fcntl(ALWAYS_OPEN, F_DUPFD_CLOEXEC, ALWAYS_OPEN));
    if (fd < 0) break;
    taken.push(fd);
  }
  return taken;
}

/** How many more descriptors can be opened now, counted up to `most`. For a moment they are taken. */
export function freeDescriptors(most: number): number {
  const taken = takeDescriptors(most);
  for (const fd of taken) libc.close(fd);
  return taken.length;
}
