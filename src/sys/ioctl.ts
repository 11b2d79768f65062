// ioctl(2) in its four forms. An ioctl to a device may block behind a read that hangs.
import { libc } from "./libc.ts";
import { addressOf } from "./memory.ts";
import { retried, unwrap } from "./system_error.ts";

/** Passes a value itself. @returns what the driver answers, or -errno. */
export function tryIoctlValue(fd: number, request: number, value: number): number {
  return retried(() => libc.ioctl(fd, BigInt(request), BigInt(value)));
}

/** Passes a struct that the driver reads, fills, or both. @returns as `tryIoctlValue`. */
export function tryIoctlBytes(fd: number, request: number, bytes: Uint8Array): number {
  return tryIoctlValue(fd, request, addressOf(bytes));
}

/** Asks for an unsigned 64-bit number. @returns it, or -errno. */
export function tryIoctlU64(fd: number, request: number): number {
  const answer = new BigUint64Array(1);
  const result = tryIoctlBytes(fd, request, new Uint8Array(answer.buffer));
  return result < 0 ? result : Number(answer[0]!);
}

/** Asks for a number of up to 32 bits that is never negative. @returns it, or -errno. */
export function tryIoctlI32(fd: number, request: number): number {
  // Some requests write only a short: the rest is zero already.
  const answer = new Uint32Array(1);
  const result = tryIoctlBytes(fd, request, new Uint8Array(answer.buffer));
  return result < 0 ? result : answer[0]!;
}

/** @throws {SystemError} of the request, by name, when `result` is -errno. */
export function unwrapIoctl(result: number, request: string, fd: number): number {
  return unwrap(result, `ioctl(${request})`, { fd });
}
