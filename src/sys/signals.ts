// Signals: what the process was started with, and what it sends to programs that it has started.
import { assert } from "../base/assert.ts";
import { ESRCH } from "./errno.ts";
import { closeFd, openFile, pread } from "./fd.ts";
import { libc } from "./libc.ts";
import { O_RDONLY } from "./open_flags.ts";
import { retried, unwrap } from "./system_error.ts";

/** asm-generic/signal.h */
export const SIGHUP = 1;
export const SIGKILL = 9;
/** More than /proc/self/status has. */
const STATUS_BYTES = 8192;

/** Whether the process ignores `signal`: as `nohup` has it ignore SIGHUP. Ask before a handler is set. */
export function isSignalIgnored(signal: number): boolean {
  const fd = openFile("/proc/self/status", O_RDONLY);
  try {
    const bytes = new Uint8Array(STATUS_BYTES);
    const text = new TextDecoder().decode(bytes.subarray(0, pread(fd, bytes, 0)));
    const mask = /^SigIgn:\s*([\da-f]+)$/m.exec(text)?.[1] ?? "0";
    return (BigInt(`0x${mask}`) >> BigInt(signal - 1) & 1n) === 1n;
  } finally {
    closeFd(fd);
  }
}

/**
 * Kills a process group: a program that was started with a group of its own, and what it has started.
 * @param leader its process; not waited for yet, so that its number is still its own.
 * @throws {SystemError} EPERM.
 */
export function killGroup(leader: number): void {
  // 0 would be our own group, and 1 everybody.
  assert(leader > 1, "the group is another one");
  const result = retried(() => libc.kill(-leader, SIGKILL));
  if (result !== -ESRCH) unwrap(result, "kill");
}
