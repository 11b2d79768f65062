// The disk as code that saves something sees it: system calls in an order that matters, described one after the
// other. A thread that may block makes them itself, main has them made elsewhere, and a test makes them on a disk
// whose power it can cut.
import { callElsewhere, callHere, type DiskCall } from "../sys/disk_calls.ts";

/** Calls to be made in order. The generator is resumed with the result of each call, or -errno. */
export type DiskCalls<T> = Generator<DiskCall, T, number>;

/** Makes a call before it returns. @returns the result of the call, or -errno. */
export type Disk = (call: DiskCall) => number;

/** Makes a call while the calling thread goes on. @returns the result of the call, or -errno. */
export type DistantDisk = (call: DiskCall) => Promise<number>;

/** Makes all of the calls on this thread, which may block. @throws what `calls` throws. */
export function makeHere<T>(calls: DiskCalls<T>, disk: Disk = callHere): T {
  let step = calls.next();
  while (!step.done) step = calls.next(disk(step.value));
  return step.value;
}

/** Has all of the calls made elsewhere, one after the other. @throws what `calls` throws. */
export async function makeElsewhere<T>(
  calls: DiskCalls<T>,
  disk: DistantDisk = callElsewhere,
): Promise<T> {
  let step = calls.next();
  while (!step.done) step = calls.next(await disk(step.value));
  return step.value;
}
