// Signals: of one thread, and what the process was started with.
import { closeFd, openFile, pread } from "./fd.ts";
import { libc } from "./libc.ts";
import { O_RDONLY } from "./open_flags.ts";
import { SystemError } from "./system_error.ts";

// asm-generic/signal-defs.h
const SIG_BLOCK = 0;
const SIGSET_BYTES = 128;

/** The calling thread takes no signals any more: its system calls are not interrupted; others take them. */
export function blockSignals(): void {
  // Returns the error instead of setting errno.
  const error = libc.pthread_sigmask(SIG_BLOCK, new Uint8Array(SIGSET_BYTES).fill(0xff), null);
  if (error !== 0) throw new SystemError(error, "pthread_sigmask");
}

/** asm-generic/signal.h */
export const SIGHUP = 1;
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
