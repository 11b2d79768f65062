// The form of a call that is not on the way of a byte: retried when interrupted, errno kept.
import { EINTR } from "./errno.ts";
import { errno } from "./libc.ts";

/** Calls until it is not interrupted by a signal. @returns what it returned, or -errno. */
export function retried(attempt: () => number): number {
  for (;;) {
    const result = attempt();
    if (result >= 0) return result;
    const error = errno();
    if (error !== EINTR) return -error;
  }
}
