// Which medium this is: what is kept beside an image so that no other one is ever mixed into it. It never
// needs a readable first sector.
import { basename, extname } from "@std/path";
import { printable } from "../base/printable.ts";
import type { File } from "../device/file.ts";
import { isBlockDevice, statPath } from "../host/path_stat.ts";
import { SysfsBlock } from "../host/sysfs.ts";
import { FINGERPRINT_BYTES, fingerprintOf, sha1 } from "./fingerprint.ts";
import { Device } from "../device/device.ts";
import { DESCRIPTORS_OFFSET } from "../filesystems/iso9660.ts";
import { OPTICAL_SECTOR_SIZE, Removable } from "../device/removable.ts";
import { SystemError } from "../sys/system_error.ts";
import { type ReadBytes, readVolume, type Volume } from "../filesystems/volume.ts";

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
  /** What a USB enclosure, card reader or stick says. */
  usbSerial: string | null;
  /** Where a partition begins on its disk, whose serial number it shares; null for whole devices. */
  partition: number | null;
  volume: Volume | null;
  stretches: readonly Stretch[];
  /** What the user has said yes to, or what was explained: the device differs from the image, and it goes on. */
  accepted: Accepted;
  /** A number that the image got when it was begun: an overlay beside it is of the same medium. */
  imageId: string | null;
}

/** Differences that are known and need no second question. */
export interface Accepted {
  /** What the device has at places where the image has something else. */
  readonly stretches: readonly Stretch[];
  /** Other sizes of the device, bytes: behind another adapter. */
  readonly sizes: readonly number[];
  readonly serials: readonly string[];
}

export const NOTHING_ACCEPTED: Accepted = { stretches: [], sizes: [], serials: [] };

// Each failing read can cost a minute: past this many, what is not known yet stays unknown.
const MAX_FAILED_READS = 1;

/** How `identify` gets at the bytes. */
export interface IdentifyOptions {
  /** Reads through a cache, say; default: from the file, until a read fails. */
  read?: ReadBytes | undefined;
  /** When the device lies about it. */
  sectorSize?: number | undefined;
}

/**
 * Identifies an open source. Reads its first 64 KiB once, and little more only where those say that there is
 * more (UDF). Never fails for an unreadable medium; blocks as reads do.
 */
export function identify(file: File, options: IdentifyOptions = {}): Identity {
  const unread = identifyUnread(file, options);
  const read = options.read ?? withBudget(readerOf(file));
  const head = new Head(read, Math.min(FINGERPRINT_BYTES, unread.size), unread.sectorSize);
  return {
    ...unread,
    fingerprint: head.whole ? fingerprintOf(head.whole) : null,
    volume: readVolume((offset, length) => head.read(offset, length), unread.sectorSize),
  };
}

/** What can be told of an open source without reading any of it. */
export function identifyUnread(file: File, options: IdentifyOptions = {}): Identity {
  const device = file instanceof Device ? file : undefined;
  const drive = device instanceof Removable ? device : undefined;
  // A USB enclosure may answer for the disk in it, and for the next one just so.
  const isUsb = device?.sysfs.transport === "usb";
  const own = drive !== undefined || isUsb ? undefined : device;
  return {
    ...blankIdentity(file.size, options.sectorSize ?? file.sectorSize),
    model: own?.model ?? null,
    serial: own?.serial ?? null,
    // That of a drive for discs says nothing of the disc.
    usbSerial: isUsb && !drive?.optical ? device?.serial ?? null : null,
    partition: device?.sysfs.partitionStart ?? null,
  };
}

/** Of a medium that nothing is known of. */
export function blankIdentity(size: number, sectorSize: number): Identity {
  return {
    size,
    sectorSize,
    fingerprint: null,
    model: null,
    serial: null,
    usbSerial: null,
    partition: null,
    volume: null,
    stretches: [],
    accepted: NOTHING_ACCEPTED,
    imageId: null,
  };
}

/**
 * NAME of NAME-ID.img: the kernel's name of a device ("sr0", also for /dev/cdrom), the name of a file without its
 * extension. Fit for a file name.
 * @throws {SystemError} ENOENT when there is no such path.
 */
export function sourceName(path: string): string {
  const stat = statPath(path);
  const kernelName = isBlockDevice(stat) ? new SysfsBlock(stat.rdev).name : undefined;
  const fileName = basename(path);
  const name = kernelName ?? fileName.slice(0, fileName.length - extname(fileName).length);
  return printable(name).replaceAll("/", "!") || "image";
}

/** The 8 hex digits of NAME-ID: the fingerprint, else a hash of what else is known. */
export function identityId(identity: Identity): string {
  if (identity.fingerprint) return identity.fingerprint;
  const { size, sectorSize, model, serial, volume } = identity;
  return sha1(JSON.stringify([size, sectorSize, model, serial, volume])).slice(0, 8);
}

/** Reads up to `length` bytes at `offset`; fewer at the end; -errno when they cannot be read. */
export type TryReadBytes = (offset: number, length: number) => Uint8Array | number;

/** Reads from an open file. */
export function tryReaderOf(file: File): TryReadBytes {
  return (offset, length) => {
    const bytes = new Uint8Array(length);
    try {
      return bytes.subarray(0, file.pread(bytes, offset));
    } catch (error) {
      if (error instanceof SystemError) return -error.errno;
      throw error;
    }
  };
}

/** Reads from an open file; what cannot be read is undefined. */
export function readerOf(file: File): ReadBytes {
  const read = tryReaderOf(file);
  return (offset, length) => {
    const bytes = read(offset, length);
    return typeof bytes === "number" ? undefined : bytes;
  };
}

/** A reader that gives up for good after a failure. */
export function withBudget(read: ReadBytes): ReadBytes {
  let failures = 0;
  return (offset, length) => {
    if (failures >= MAX_FAILED_READS) return undefined;
    const bytes = read(offset, length);
    if (!bytes) failures++;
    return bytes;
  };
}

/**
 * The start of a medium, read once. Of a disc the half with the descriptors is read first: the other one is
 * empty, mostly, and the worst place of many a disc.
 */
class Head {
  /** All of it, or undefined. */
  readonly whole: Uint8Array | undefined;
  readonly #parts: { offset: number; bytes: Uint8Array }[] = [];
  readonly #read: ReadBytes;
  readonly #length: number;

  constructor(read: ReadBytes, length: number, sectorSize: number) {
    this.#read = read;
    this.#length = length;
    const isDisc = sectorSize === OPTICAL_SECTOR_SIZE && length > DESCRIPTORS_OFFSET;
    const starts = isDisc ? [DESCRIPTORS_OFFSET, 0] : [0];
    let end = length;
    for (const offset of starts) {
      const bytes = read(offset, end - offset);
      // A device that has gone ends at 0.
      if (bytes?.length === end - offset) this.#parts.unshift({ offset, bytes });
      end = offset;
    }
    if (this.#parts.length === starts.length) this.whole = joined(this.#parts);
  }

  /** Answers from the head what lies in it. */
  read(offset: number, length: number): Uint8Array | undefined {
    const parts = this.whole ? [{ offset: 0, bytes: this.whole }] : this.#parts;
    const isAll = this.#length < FINGERPRINT_BYTES;
    const part = parts.find((each) =>
      each.offset <= offset &&
      (offset + length <= each.offset + each.bytes.length || isAll)
    );
    if (part) return part.bytes.subarray(offset - part.offset, offset - part.offset + length);
    return this.#read(offset, length);
  }
}

function joined(parts: readonly { offset: number; bytes: Uint8Array }[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1) return first!.bytes;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes.length, 0));
  for (const part of parts) bytes.set(part.bytes, part.offset);
  return bytes;
}
