// Page faults of the process.
import { libc } from "./libc.ts";
import { unwrap } from "./system_error.ts";

// getrusage(2): linux/resource.h
const RUSAGE_SELF = 0;
/** struct rusage: two times of 16 bytes, then words of 8: maxrss, ixrss, idrss, isrss, minflt, majflt. */
const RUSAGE_BYTES = 144;
const MAJFLT_WORD = 9;

const usage = new BigInt64Array(RUSAGE_BYTES / BigInt64Array.BYTES_PER_ELEMENT);

/** Page faults since the start, of all threads, for which something had to be read from a disk. */
export function majorFaults(): number {
  unwrap(libc.getrusage(RUSAGE_SELF, new Uint8Array(usage.buffer)), "getrusage");
  return Number(usage[MAJFLT_WORD]);
}
