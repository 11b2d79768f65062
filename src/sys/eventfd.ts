// eventfd(2): a doorbell between threads that can be polled together with sockets.
import { EAGAIN, EINTR } from "./errno.ts";
import { errno, libc } from "./libc.ts";
import { retried, SystemError, unwrap } from "./system_error.ts";

// linux/eventfd.h
export const EFD_NONBLOCK = 0o4000;
export const EFD_CLOEXEC = 0o2000000;

/** @returns a descriptor that is POLLIN while it has been rung and not drained. */
export function createEventFd(): number {
  return unwrap(retried(() => libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), "eventfd");
}

/** Rings; any thread, never blocks. Ringing twice before a drain is ringing once. On the way of a byte. */
export function ringEventFd(fd: number): void {
  while (libc.eventfd_write(fd, 1n) < 0) {
    const error = errno();
    // The counter is full, so it is ringing already.
    if (error === EAGAIN) return;
    if (error !== EINTR) throw new SystemError(error, "eventfd_write", { fd });
  }
}

/** Receives the drained counter, which is not used. */
const DRAIN = new Uint8Array(8);

/** Silences it; never blocks. Drain first and look for work afterwards, or a ring is lost. */
export function drainEventFd(fd: number): void {
  while (libc.eventfd_read(fd, DRAIN) < 0) {
    const error = errno();
    // It was not ringing.
    if (error === EAGAIN) return;
    if (error !== EINTR) throw new SystemError(error, "eventfd_read", { fd });
  }
}
