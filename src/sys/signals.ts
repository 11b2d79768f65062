// Signals: what the process was started with.
import { closeFd, openFile, pread } from "./fd.ts";
import { O_RDONLY } from "./open_flags.ts";

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
