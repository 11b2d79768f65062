// Which medium this is: what is kept beside an image so that no other one is ever mixed into it. It never
// needs a readable first sector.
import type { File } from "./file.ts";
import { FINGERPRINT_BYTES } from "./file.ts";
import { Device } from "./device.ts";
import { Removable } from "./removable.ts";
import { sha1 } from "./sha1.ts";
import { SystemError } from "../sys/system_error.ts";
import { type ReadBytes, readVolume, type Volume } from "./volume.ts";

/** A piece of the medium that has been read, by its hash (40 hex digits). Never one of equal bytes. */
export interface Stretch {
  offset: number;
  length: number;
  sha1: string;
}

/** Everything that tells one medium from another; null where it is not known. Sizes are bytes. */
export interface Identity {
  size: number;
  sectorSize: number;
  /** See `File.fingerprint`; null when the start cannot be read. */
  fingerprint: string | null;
  /** Of a disk that answers for itself: those of a drive or an enclosure say nothing of what is in it. */
  model: string | null;
  serial: string | null;
  volume: Volume | null;
  stretches: readonly Stretch[];
}

/** A good size for a stretch: the largest sector, so that each can be read alone. */
export const STRETCH_BYTES = 4096;

// Each failing read can cost a minute: past this many, what is not known yet stays unknown.
const MAX_FAILED_READS = 3;

/** How `identify` gets at the bytes. */
export interface IdentifyOptions {
  /** Reads through a cache, say; default: from the file, undefined where that fails. */
  read?: ReadBytes | undefined;
  /** When the device lies about it. */
  sectorSize?: number | undefined;
}

/**
 * Identifies an open source. Reads its first 64 KiB once, and little more only where those are
 * unreadable or say that there is more (UDF). Never fails for an unreadable medium; blocks as reads do.
 */
export function identify(file: File, options: IdentifyOptions = {}): Identity {
  const unread = identifyUnread(file, options);
  const read = withBudget(options.read ?? readerOf(file));
  const length = Math.min(FINGERPRINT_BYTES, unread.size);
  const head = read(0, length);
  const whole = head?.length === length ? head : undefined; // a device that has gone ends at 0
  return {
    ...unread,
    fingerprint: whole ? sha1(whole).slice(0, 8) : null,
    volume: readVolume(throughHead(whole, read), unread.sectorSize),
  };
}

/** What can be told of an open source without reading any of it. */
export function identifyUnread(file: File, options: IdentifyOptions = {}): Identity {
  const disk = file instanceof Device && !(file instanceof Removable) ? file : undefined;
  // A USB enclosure may answer for the disk in it, and for the next one just so.
  const own = disk?.sysfs.transport === "usb" ? undefined : disk;
  return {
    size: file.size,
    sectorSize: options.sectorSize ?? file.sectorSize,
    fingerprint: null,
    model: own?.model ?? null,
    serial: own?.serial ?? null,
    volume: null,
    stretches: [],
  };
}

/** Describes bytes that have been read; undefined when they are all equal, which proves nothing. */
export function stretchOf(bytes: Uint8Array, offset: number): Stretch | undefined {
  if (bytes.every((byte) => byte === bytes[0])) return undefined;
  return { offset, length: bytes.length, sha1: sha1(bytes) };
}

/** The 8 hex digits of NAME-ID: the fingerprint, else a hash of what else is known. */
export function identityId(identity: Identity): string {
  if (identity.fingerprint) return identity.fingerprint;
  const { size, sectorSize, model, serial, volume } = identity;
  return sha1(JSON.stringify([size, sectorSize, model, serial, volume])).slice(0, 8);
}

/** Reads from an open file; what cannot be read is undefined. */
export function readerOf(file: File): ReadBytes {
  return (offset, length) => {
    const bytes = new Uint8Array(length);
    try {
      return bytes.subarray(0, file.pread(bytes, offset));
    } catch (error) {
      if (error instanceof SystemError) return undefined;
      throw error;
    }
  };
}

/** A reader that gives up for good after a few failures. */
export function withBudget(read: ReadBytes): ReadBytes {
  let failures = 0;
  return (offset, length) => {
    if (failures >= MAX_FAILED_READS) return undefined;
    const bytes = read(offset, length);
    if (!bytes) failures++;
    return bytes;
  };
}

/** Answers from the head what lies in it. */
function throughHead(head: Uint8Array | undefined, read: ReadBytes): ReadBytes {
  return (offset, length) =>
    head && (offset + length <= head.length || head.length < FINGERPRINT_BYTES)
      ? head.subarray(offset, offset + length)
      : read(offset, length);
}
