// Signals of one thread.
import { libc } from "./libc.ts";
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
