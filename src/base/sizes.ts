// Sizes, rates and times as people write and read them. They are written as GNU ddrescue takes them, and shown
// in binary units.
import { printable } from "./printable.ts";

const UNITS = ["K", "M", "G", "T", "P", "E"];
/** Number, unit, sectors or bytes: `0x10`, `64Ki`, `1.5M`, `2 MiB`, `100s`, `4Kis`. */
const SIZE = /^(0x[\da-f]+|\d+(?:\.\d+)?)(?: ?(?:([KMGTPE]i?)([sB]?)|([sB])))?$/i;

/** A size as it was written: in bytes, or in sectors of a device that may not be known yet. */
export type WrittenSize = number | Sectors;

interface Sectors {
  readonly sectors: number;
}

/**
 * Reads a size as GNU ddrescue does: decimal, 0x or leading-0 octal; k, M, G ... are powers of 1000, Ki, Mi, Gi
 * ... of 1024; B changes nothing, s makes it sectors. Beyond that any case, a decimal fraction, a blank before
 * the unit, and K alone as 1024. "KB" is refused, as people disagree about it.
 * @returns safe integers.
 * @throws {RangeError} with a sentence, when it is no size or no whole number of bytes.
 */
export function parseSize(text: string): WrittenSize {
  const match = SIZE.exec(text);
  const [, digits = "", unit = "", after = "", alone = ""] = match ?? [];
  const suffix = after + alone;
  const isKB = unit === "K" && suffix === "B";
  if (match === null || isKB || /^0\d*[89]\d*$/.test(digits)) {
    throw new RangeError(
      `"${
        printable(text)
      }" is not a size: write it like 4096, 64Ki (65536), 64k (64000), 1.5MiB or 100s`,
    );
  }
  const [whole = "", fraction = ""] = digits.split(".");
  // As in C: 010 is 8.
  const isOctal = /^0\d+$/.test(digits);
  const scaled = BigInt(isOctal ? `0o${whole}` : whole + fraction) * factorOf(unit);
  const divisor = 10n ** BigInt(fraction.length);
  if (scaled % divisor !== 0n) {
    throw new RangeError(`"${printable(text)}" is not a whole number of bytes`);
  }
  const value = scaled / divisor;
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`"${printable(text)}" is too large: less than 8 PiB is possible`);
  }
  return suffix.toLowerCase() === "s" ? { sectors: Number(value) } : Number(value);
}

function factorOf(unit: string): bigint {
  if (unit === "") return 1n;
  const power = BigInt(UNITS.indexOf(unit[0]!.toUpperCase()) + 1);
  return (unit === "K" || unit.length === 2 ? 1024n : 1000n) ** power;
}

/** The bytes of a written size; what no number can hold is the largest that is. */
export function inBytes(size: WrittenSize, sectorSize: number): number {
  if (typeof size === "number") return size;
  return Math.min(size.sectors * sectorSize, Number.MAX_SAFE_INTEGER);
}

/** A record without sizes in sectors. */
export type InBytes<Record> = { [Name in keyof Record]: Exclude<Record[Name], Sectors> };

/** The same record with each size that was written in sectors in bytes. */
export function allInBytes<Record extends object>(
  record: Record,
  sectorSize: number,
): InBytes<Record> {
  const entries = Object.entries(record).map(([name, value]) => [
    name,
    isSectors(value) ? inBytes(value, sectorSize) : value,
  ]);
  return Object.fromEntries(entries) as InBytes<Record>;
}

function isSectors(value: unknown): value is Sectors {
  return typeof value === "object" && value !== null && "sectors" in value;
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

/** "1.5 MiB (1572864 bytes)", for people who compare sizes. */
export function exactSize(bytes: number): string {
  return bytes < 1024 ? formatSize(bytes) : `${formatSize(bytes)} (${bytes} bytes)`;
}

/** "1.5 MiB/s". */
export function formatRate(bytesPerSecond: number): string {
  return `${formatSize(bytesPerSecond)}/s`;
}

const DAY_SECONDS = 86_400;

/** "850 ms", "45 s", "2 min 5 s", "1 h 4 min", "3 d 4 h"; "unknown" for infinity and NaN. */
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

/** "09:05", in the local time zone. @param timeMs milliseconds since 1970. */
export function timeOfDay(timeMs: number): string {
  return new Date(timeMs).toTimeString().slice(0, 5);
}
