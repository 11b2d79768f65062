// Names and dates of a UDF file system (ECMA-167 parts 1 to 3, OSTA UDF 2.60). Best effort: the main
// volume descriptor sequence by way of the anchor at block 256, nothing else.
import { printable } from "../base/printable.ts";
import type { Volume } from "./volume.ts";

/** Where the anchor is, in blocks. */
export const ANCHOR_BLOCK = 256;
/** The most that is read of a descriptor sequence, in blocks; writers leave 16. */
export const MAX_SEQUENCE_BLOCKS = 32;

// Tag identifiers (ECMA-167 3/7.2.1).
const PRIMARY = 1;
const ANCHOR = 2;
const PARTITION = 5;
const LOGICAL = 6;
const TERMINATING = 8;

const RECOGNITION_BYTES = 2048;

/** True when the volume recognition sequence (from byte 32768 on) names UDF. */
export function namesUdf(sequence: Uint8Array): boolean {
  for (let start = 0; start + RECOGNITION_BYTES <= sequence.length; start += RECOGNITION_BYTES) {
    const name = String.fromCharCode(...sequence.subarray(start + 1, start + 6));
    if (name === "NSR02" || name === "NSR03") return true;
  }
  return false;
}

/** Where the main volume descriptor sequence lies, and where it and its copy end, in blocks. */
export interface UdfAnchor {
  startBlock: number;
  countBlocks: number;
  endBlock: number;
}

/** @returns undefined when this is no anchor. */
export function parseUdfAnchor(block: Uint8Array): UdfAnchor | undefined {
  if (tagOf(block) !== ANCHOR) return undefined;
  const view = viewOf(block);
  const extent = (at: number) => {
    const countBlocks = Math.ceil(view.getUint32(at, true) / block.length);
    const startBlock = view.getUint32(at + 4, true);
    return { startBlock, countBlocks, endBlock: startBlock + countBlocks };
  };
  const main = extent(16);
  return { ...main, endBlock: Math.max(main.endBlock, extent(24).endBlock) };
}

/**
 * Reads a descriptor sequence. The size is the end of the last partition.
 * @returns undefined when it has no primary volume descriptor.
 */
export function parseUdfVolume(sequence: Uint8Array, blockSize: number): Volume | undefined {
  const volume: Volume = {
    kind: "udf",
    label: null,
    created: null,
    modified: null,
    id: null,
    size: null,
  };
  let found = false;
  for (let start = 0; start + blockSize <= sequence.length; start += blockSize) {
    const block = sequence.subarray(start, start + blockSize);
    const tag = tagOf(block);
    if (tag === undefined || tag === TERMINATING) break;
    if (tag === PRIMARY) {
      found = true;
      volume.label ??= dstring(block.subarray(24, 56));
      volume.id = dstring(block.subarray(72, 200)); // the volume set's name begins with a unique number
      volume.created = timestamp(block.subarray(376, 388));
    } else if (tag === LOGICAL) {
      volume.label = dstring(block.subarray(84, 212)) ?? volume.label;
    } else if (tag === PARTITION) {
      const view = viewOf(block);
      const end = (view.getUint32(188, true) + view.getUint32(192, true)) * blockSize;
      volume.size = Math.max(volume.size ?? 0, end);
    }
  }
  return found ? volume : undefined;
}

/** The identifier of a descriptor's tag; undefined when its checksum (3/7.2.3) is wrong. */
function tagOf(block: Uint8Array): number | undefined {
  if (block.length < 512) return undefined;
  const tag = block.subarray(0, 16);
  const sum = tag.reduce((total, byte, index) => index === 4 ? total : total + byte, 0) & 0xff;
  const identifier = tag[0]! + tag[1]! * 256;
  return sum === tag[4] && identifier > 0 ? identifier : undefined;
}

/** A dstring (UDF 2.1.3): compression id 8 or 16 in front, used length in the last byte. */
function dstring(field: Uint8Array): string | null {
  const length = Math.min(field.at(-1)!, field.length - 1);
  const characters = field.subarray(1, length);
  const decoder = field[0] === 8 ? "latin1" : field[0] === 16 ? "utf-16be" : undefined;
  if (length < 2 || !decoder) return null;
  return printable(new TextDecoder(decoder).decode(characters)).trim() || null;
}

/** A timestamp (ECMA-167 1/7.3) as ISO 8601; the zone is left out when it is not given. */
function timestamp(field: Uint8Array): string | null {
  const view = viewOf(field);
  const year = view.getInt16(2, true);
  const [month, day, hour, minute, second, centiseconds] = field.subarray(4, 10);
  if (year < 1 || year > 9999 || month! < 1 || month! > 12 || day! < 1 || day! > 31) return null;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(year).padStart(4, "0")}-${two(month!)}-${two(day!)}T${two(hour!)}:` +
    `${two(minute!)}:${two(second!)}.${two(centiseconds!)}${zone(view.getUint16(0, true))}`;
}

function zone(typeAndZone: number): string {
  const minutes = (typeAndZone & 0xfff) << 20 >> 20; // 12 bits, signed; -2047 is "not given"
  if (typeAndZone >> 12 !== 1 || minutes < -1440 || minutes > 1440) return "";
  const two = (value: number) => String(value).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
