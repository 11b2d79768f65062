// Writes a mapfile as GNU ddrescue does, so that ddrescue of any age goes on with it.

import { printable } from "../base/printable.ts";
import type { Mapfile } from "./mapfile.ts";
import { formatSetting } from "./mapfile_comments.ts";
import {
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Phase,
  STATUS_COUNT,
  statusChar,
} from "./statuses.ts";

/** What the first lines tell a person. */
export interface MapfileHeading {
  /** Of blkcache. */
  version: string;
  commandLine: string;
  /** When the program started, and when this is. */
  startTime: Date;
  currentTime: Date;
}

const HEX_DIGITS = new TextEncoder().encode("0123456789ABCDEF");
const STATUS_BYTES = Uint8Array.from(
  { length: STATUS_COUNT },
  (_, status) => statusChar(status).charCodeAt(0),
);
const SPACE = 0x20;
const NEWLINE = 0x0a;
/** Two numbers below 2^53 with 0x, the blanks between, the status and the end of the line. */
const LONGEST_BLOCK_LINE = 2 * (2 + 14) + 2 * 2 + 2;

/** The text of a mapfile. For more than 10 million blocks take `encodeMapfile`: a string has its limits. */
export function formatMapfile(mapfile: Mapfile, heading: MapfileHeading): string {
  return new TextDecoder().decode(encodeMapfile(mapfile, heading));
}

/** The bytes of a mapfile, ready to be written. About 0.1 s for 1,000,000 blocks. */
export function encodeMapfile(mapfile: Mapfile, heading: MapfileHeading): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(formatHead(mapfile, heading));
  const { positions, statuses, size } = mapfile;
  const count = positions.length;
  const bytes = new Uint8Array(head.length + count * LONGEST_BLOCK_LINE);
  bytes.set(head);
  let at = head.length;
  for (let index = 0; index < count; index++) {
    const start = positions[index];
    const end = index + 1 < count ? positions[index + 1] : size;
    at = putHex(bytes, at, start);
    bytes[at++] = SPACE;
    bytes[at++] = SPACE;
    at = putHex(bytes, at, end - start);
    bytes[at++] = SPACE;
    bytes[at++] = SPACE;
    bytes[at++] = STATUS_BYTES[statuses[index]];
    bytes[at++] = NEWLINE;
  }
  return bytes.subarray(0, at);
}

function formatHead(mapfile: Mapfile, heading: MapfileHeading): string {
  const position = `0x${mapfile.position.toString(16).toUpperCase().padStart(8, "0")}`;
  const lines = [
    `# Mapfile. Created by blkcache ${heading.version}`,
    `# Command line: ${printable(heading.commandLine)}`,
    `# Start time:   ${formatTime(heading.startTime)}`,
    `# Current time: ${formatTime(heading.currentTime)}`,
    ...mapfile.comments.map(formatComment),
    ...Array.from(mapfile.settings, ([key, value]) => formatSetting(key, value)),
    "# current_pos  current_status  current_pass",
    `${position}     ${currentStatus(mapfile)}               ${mapfile.pass}`,
    "#      pos        size  status",
  ];
  return lines.join("\n") + "\n";
}

/** Keeps any text a comment of one line. */
function formatComment(comment: string): string {
  const line = comment.replaceAll("\n", " ");
  return line.startsWith("#") ? line : `# ${line}`;
}

/**
 * What ddrescue is to do next. `%` is never written, older ones refuse it; neither are `F` and `G`, which
 * are not rescues.
 */
function currentStatus({ positions, statuses, phase }: Mapfile): Phase {
  if (positions.length === 0 || positions[0] > 0 || statuses.includes(NON_TRIED)) return "?";
  if (statuses.every((status) => status === FINISHED)) return "+";
  if (phase === "*" || phase === "/" || phase === "-") return phase;
  if (statuses.includes(NON_TRIMMED)) return "*";
  return statuses.includes(NON_SCRAPED) ? "/" : "-";
}

/** Local time, as ddrescue writes it. */
function formatTime(time: Date): string {
  const date = [time.getFullYear(), time.getMonth() + 1, time.getDate()];
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()];
  return `${date.map(twoDigits).join("-")} ${clock.map(twoDigits).join(":")}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}

/** Writes `0x` and at least eight digits. @returns the index behind them. */
function putHex(bytes: Uint8Array, at: number, value: number): number {
  let low = value >>> 0;
  let high = Math.floor(value / 2 ** 32);
  let end = at + 10;
  for (let rest = high; rest > 0; rest >>>= 4) end++;
  bytes[at] = 0x30;
  bytes[at + 1] = 0x78;
  let digit = end;
  for (; digit > end - 8; low >>>= 4) bytes[--digit] = HEX_DIGITS[low & 15];
  for (; high > 0; high >>>= 4) bytes[--digit] = HEX_DIGITS[high & 15];
  return end;
}
