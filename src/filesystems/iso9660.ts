// The primary volume descriptor of an ISO 9660 file system (ECMA-119, 8.4).
import { printable } from "../base/printable.ts";
import type { Volume } from "./volume.ts";

/** Where the descriptors begin: sector 16 of 2048 bytes. */
export const DESCRIPTORS_OFFSET = 32_768;
/** Each descriptor has this many bytes. */
export const DESCRIPTOR_BYTES = 2048;

const PRIMARY = 1;

/** Reads a descriptor. @returns undefined when it is not a primary volume descriptor. */
export function parseIso9660(descriptor: Uint8Array): Volume | undefined {
  if (descriptor.length < DESCRIPTOR_BYTES || descriptor[0] !== PRIMARY) return undefined;
  if (text(descriptor, 1, 5) !== "CD001") return undefined;
  const view = new DataView(descriptor.buffer, descriptor.byteOffset, DESCRIPTOR_BYTES);
  // Numbers stand there in both byte orders; the first is little-endian.
  const size = view.getUint32(80, true) * view.getUint16(128, true);
  return {
    kind: "iso9660",
    label: text(descriptor, 40, 32).trim() || null,
    created: date(descriptor, 813),
    modified: date(descriptor, 830),
    id: null,
    size: size > 0 ? size : null,
  };
}

/** A date of 8.4.26.1 as ISO 8601 with its own offset from UTC; null when it is not given. */
function date(descriptor: Uint8Array, offset: number): string | null {
  const digits = text(descriptor, offset, 16);
  if (!/^\d{16}$/.test(digits) || /^0+$/.test(digits)) return null;
  const part = (start: number, length = 2) => digits.slice(start, start + length);
  const zone = (descriptor[offset + 16]! << 24 >> 24) * 15; // minutes, signed
  const sign = zone < 0 ? "-" : "+";
  const hours = String(Math.trunc(Math.abs(zone) / 60)).padStart(2, "0");
  const minutes = String(Math.abs(zone) % 60).padStart(2, "0");
  return `${part(0, 4)}-${part(4)}-${part(6)}T${part(8)}:${part(10)}:${part(12)}.${part(14)}` +
    `${sign}${hours}:${minutes}`;
}

/** Bytes as text. Latin-1: every byte has a character, and discs do not keep to the standard's few. */
function text(bytes: Uint8Array, offset: number, length: number): string {
  return printable(new TextDecoder("latin1").decode(bytes.subarray(offset, offset + length)));
}
