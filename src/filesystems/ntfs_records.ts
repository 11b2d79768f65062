// Records of an NTFS file table: the attributes in them and where their data lies. Layout: the Linux-NTFS project's
// documentation (FILE record, attributes, data runs) and libyal's (libfsntfs). From bytes that are handed in.

/** A range of clusters, numbers of clusters. `cluster` is undefined where nothing is stored (sparse). */
export interface Run {
  readonly cluster: number | undefined;
  readonly count: number;
}

export interface Attribute {
  readonly type: number;
  readonly name: string;
  /** The value of a resident one. */
  readonly value: Uint8Array | undefined;
  /** Of one that lies in clusters; undefined when they make no sense. */
  readonly runs: readonly Run[] | undefined;
  readonly isResident: boolean;
  /** Number of the first cluster of these runs within the attribute. */
  readonly firstVcn: number;
  /** Bytes of data; 0 in a later part. */
  readonly size: number;
}

/** Types of attributes. */
export const ATTRIBUTE_LIST = 0x20;
export const VOLUME_NAME = 0x60;
export const VOLUME_INFORMATION = 0x70;
export const DATA = 0x80;
export const INDEX_ROOT = 0x90;
export const INDEX_ALLOCATION = 0xa0;
const END = 0xffffffff;

/** The last two bytes of each piece of this size are kept elsewhere. */
const FIXUP_BYTES = 512;
/** Runs of one attribute in one record: each takes at least two of its at most 65,536 bytes. */
const MAX_RUNS = 32_768;
/** Attributes of one record; each takes at least 24 bytes. */
const MAX_ATTRIBUTES = 256;

/**
 * Undoes the fixups of a record ("FILE") or an index block ("INDX").
 * @returns a copy; undefined when it is none, or was torn.
 */
export function fixedUp(bytes: Uint8Array, magic: string): Uint8Array | undefined {
  if (bytes.length < FIXUP_BYTES) return undefined;
  if (![...magic].every((letter, index) => bytes[index] === letter.charCodeAt(0))) return undefined;
  const fixed = bytes.slice();
  const view = viewOf(fixed);
  const offset = view.getUint16(4, true);
  const count = view.getUint16(6, true);
  if (count !== bytes.length / FIXUP_BYTES + 1 || offset % 2 !== 0) return undefined;
  if (offset + count * 2 > FIXUP_BYTES) return undefined;
  const number = view.getUint16(offset, true);
  for (let piece = 1; piece < count; piece++) {
    const at = piece * FIXUP_BYTES - 2;
    if (view.getUint16(at, true) !== number) return undefined;
    view.setUint16(at, view.getUint16(offset + piece * 2, true), true);
  }
  return fixed;
}

/** @param record after its fixups. */
export function attributesOf(record: Uint8Array): Attribute[] {
  const view = viewOf(record);
  const found: Attribute[] = [];
  let at = view.getUint16(0x14, true);
  while (at % 4 === 0 && at + 24 <= record.length && found.length < MAX_ATTRIBUTES) {
    const type = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    if (type === END || length < 24 || at + length > record.length) break;
    const attribute = parseAttribute(record.subarray(at, at + length), type);
    if (attribute !== undefined) found.push(attribute);
    at += length;
  }
  return found;
}

function parseAttribute(bytes: Uint8Array, type: number): Attribute | undefined {
  const view = viewOf(bytes);
  const nameOffset = view.getUint16(10, true);
  const name = utf16(bytes.subarray(nameOffset, nameOffset + bytes[9]! * 2));
  if (bytes[8] === 0) {
    const offset = view.getUint16(0x14, true);
    const value = bytes.subarray(offset, offset + view.getUint32(0x10, true));
    return {
      type,
      name,
      value,
      runs: undefined,
      isResident: true,
      firstVcn: 0,
      size: value.length,
    };
  }
  if (bytes.length < 0x40) return undefined;
  const firstVcn = Number(view.getBigUint64(0x10, true));
  return {
    type,
    name,
    value: undefined,
    runs: parseRuns(bytes.subarray(view.getUint16(0x20, true))),
    isResident: false,
    firstVcn,
    size: firstVcn === 0 ? Number(view.getBigUint64(0x30, true)) : 0,
  };
}

/** Lengths and distances from the run before, each with as few bytes as it needs. */
function parseRuns(bytes: Uint8Array): Run[] | undefined {
  const runs: Run[] = [];
  let cluster = 0;
  let at = 0;
  while (at < bytes.length && bytes[at] !== 0) {
    const lengthBytes = bytes[at]! & 15;
    const offsetBytes = bytes[at]! >> 4;
    const end = at + 1 + lengthBytes + offsetBytes;
    if (lengthBytes === 0 || lengthBytes > 8 || offsetBytes > 8 || end > bytes.length) {
      return undefined;
    }
    const count = signedAt(bytes, at + 1, lengthBytes);
    cluster += signedAt(bytes, at + 1 + lengthBytes, offsetBytes);
    if (!(count > 0) || !Number.isSafeInteger(cluster) || cluster < 0) return undefined;
    runs.push({ cluster: offsetBytes === 0 ? undefined : cluster, count });
    if (runs.length > MAX_RUNS) return undefined;
    at = end;
  }
  return runs;
}

function signedAt(bytes: Uint8Array, at: number, count: number): number {
  if (count === 0) return 0;
  let value = bytes[at + count - 1]! << 24 >> 24;
  for (let index = count - 2; index >= 0; index--) value = value * 256 + bytes[at + index]!;
  return value;
}

/** Text in UTF-16; half a character at the end is left out. */
export function utf16(bytes: Uint8Array): string {
  return new TextDecoder("utf-16le").decode(bytes.subarray(0, bytes.length & ~1));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
