// The kernel's NBD client (linux/nbd.h; drivers/block/nbd.c says what each request really does). All need
// CAP_SYS_ADMIN and throw SystemError.
import { tryIoctlValue, unwrapIoctl } from "./ioctl.ts";

export const NBD_SET_SOCK = 0xab00;
export const NBD_SET_BLKSIZE = 0xab01;
export const NBD_DO_IT = 0xab03;
export const NBD_CLEAR_SOCK = 0xab04;
export const NBD_SET_SIZE_BLOCKS = 0xab07;
export const NBD_DISCONNECT = 0xab08;
export const NBD_SET_TIMEOUT = 0xab09;
export const NBD_SET_FLAGS = 0xab0a;

/** What the kernel must know of a device before it begins. */
export interface KernelExport {
  /** Logical block size, bytes: a power of two from 512 to the page size. */
  readonly blockSize: number;
  /** Of that size. */
  readonly blocks: number;
  /** Transmission flags, as negotiation would give them. */
  readonly flags: number;
  /** A connection that leaves a request unanswered for so long is given up. */
  readonly timeoutSeconds: number;
}

/** Sets size and block size of the device, before `nbdDoIt`. @throws {SystemError} EINVAL for a block size. */
export function nbdSetUp(
  fd: number,
  { blockSize, blocks, flags, timeoutSeconds }: KernelExport,
): void {
  set(fd, NBD_SET_BLKSIZE, "NBD_SET_BLKSIZE", blockSize);
  set(fd, NBD_SET_SIZE_BLOCKS, "NBD_SET_SIZE_BLOCKS", blocks);
  set(fd, NBD_SET_FLAGS, "NBD_SET_FLAGS", flags);
  set(fd, NBD_SET_TIMEOUT, "NBD_SET_TIMEOUT", timeoutSeconds);
}

/**
 * One more connection, before `nbdDoIt`; the kernel has its own hold on the socket from then on. The thread
 * that gives the first one must give all of them.
 * @throws {SystemError} EPERM; EBUSY when the device is another thread's.
 */
export function nbdSetSocket(fd: number, socket: number): void {
  set(fd, NBD_SET_SOCK, "NBD_SET_SOCK", socket);
}

/**
 * Serves the device; returns when no connection is left. A signal would end it.
 * @throws {SystemError} EBUSY when the device is in use, or the error that broke the connections.
 */
export function nbdDoIt(fd: number): void {
  set(fd, NBD_DO_IT, "NBD_DO_IT", 0);
}

/** Says good-bye on all connections: the end that follows is no error. */
export function nbdDisconnect(fd: number): void {
  set(fd, NBD_DISCONNECT, "NBD_DISCONNECT", 0);
}

/** Forgets the connections; what still waits for an answer fails with EIO. */
export function nbdClearSocket(fd: number): void {
  set(fd, NBD_CLEAR_SOCK, "NBD_CLEAR_SOCK", 0);
}

function set(fd: number, request: number, name: string, value: number): void {
  unwrapIoctl(tryIoctlValue(fd, request, value), name, fd);
}
