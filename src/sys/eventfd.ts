// eventfd(2): a doorbell between threads that can be polled together with sockets.
import { EAGAIN } from "./errno.ts";
import { libc } from "./libc.ts";
import { retried } from "./syscall.ts";
import { unwrap } from "./system_error.ts";

// linux/eventfd.h
export const EFD_NONBLOCK = 0o4000;
export const EFD_CLOEXEC = 0o2000000;

/** @returns a descriptor that is POLLIN while it has been rung and not drained. */
export function createEventFd(): number {
  return unwrap(retried(() => libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), "eventfd");
}

/** Rings; any thread, never blocks. Ringing twice before a drain is ringing once. */
export function ringEventFd(fd: number): void {
  const result = retried(() => libc.eventfd_write(fd, 1n));
  // EAGAIN: the counter is full, so it is ringing already.
  if (result !== -EAGAIN) unwrap(result, "eventfd_write", { fd });
}

/** Silences it; never blocks. Drain first and look for work afterwards, or a ring is lost. */
export function drainEventFd(fd: number): void {
  const counter = new Uint8Array(8);
  const result = retried(() => libc.eventfd_read(fd, counter));
  // EAGAIN: it was not ringing.
  if (result !== -EAGAIN) unwrap(result, "eventfd_read", { fd });
}
