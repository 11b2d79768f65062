// Sizes, rates and times as people write and read them. Units are binary: K is 1024.
import { printable } from "./printable.ts";

const UNITS = ["K", "M", "G", "T", "P", "E"];
const SIZE = /^(\d+)(?:\.(\d+))?(?: ?(?:([KMGTPE])(?:iB)?|B))?$/i;

/**
 * Reads "65536", "64K", "1.5M", "2 MiB", "512B"; any case. "KB" is refused, as people disagree about it.
 * @returns bytes, a safe integer.
 * @throws {RangeError} with a sentence, when it is no size or no whole number of bytes.
 */
export function parseSize(text: string): number {
  const match = SIZE.exec(text);
  if (match === null) {
    throw new RangeError(`"${printable(text)}" is not a size: write it like 4096, 64K or 1.5MiB`);
  }
  const [, whole, fraction = "", unit = ""] = match;
  const factor = unit === "" ? 1n : 1024n ** BigInt(UNITS.indexOf(unit.toUpperCase()) + 1);
  const scaled = BigInt(whole! + fraction) * factor;
  const divisor = 10n ** BigInt(fraction.length);
  if (scaled % divisor !== 0n) {
    throw new RangeError(`"${printable(text)}" is not a whole number of bytes`);
  }
  const bytes = scaled / divisor;
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`"${printable(text)}" is too large: less than 8 PiB is possible`);
  }
  return Number(bytes);
}

/** "0 bytes", "1 byte", "1.5 MiB", "700 MiB". Rounded, so for the eye only. */
export function formatSize(bytes: number): string {
  let value = Math.round(bytes);
  if (value < 1024) return `${value} ${value === 1 ? "byte" : "bytes"}`;
  let unit = -1;
  // From 1023.5 on it would be shown as 1024, which is 1 of the next unit.
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits).replace(/\.0$/, "")} ${UNITS[unit]}iB`;
}

/** "1.5 MiB/s". */
export function formatRate(bytesPerSecond: number): string {
  return `${formatSize(bytesPerSecond)}/s`;
}

const DAY_SECONDS = 86_400;

/** "850 ms", "45 s", "2 min 5 s", "1 h 4 min", "3 d 4 h"; "unknown" for what is not finite. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "unknown";
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return pair(seconds, 60, "min", 1, "s");
  const minutes = Math.round(seconds / 60) * 60;
  if (minutes < DAY_SECONDS) return pair(minutes, 3600, "h", 60, "min");
  return pair(Math.round(seconds / 3600) * 3600, DAY_SECONDS, "d", 3600, "h");
}

function pair(
  seconds: number,
  large: number,
  largeName: string,
  small: number,
  smallName: string,
): string {
  const rest = Math.floor((seconds % large) / small);
  const head = `${Math.floor(seconds / large)} ${largeName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}
