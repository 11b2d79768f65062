// A record of the regions of the device that are being written to, beside the image: IMAGE.writing. When a run
// ends without a word, a region in it may have other bytes on the device than in the image; the next run takes
// them for not tried and reads them anew. Reader thread; the thread that opens the cache parses it.
//
// One line that says what it is, then a character for each region: `w` while it is being written to, `.` before
// and afterwards. A region is recorded on the disk before the first write to it; that it is done need not be on
// the disk, as a region too many costs only reads. The file is there from the first write of a run to its clean
// end: while it is, what the sidecar says of the device's start is not to be relied upon either.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { findEntry, findEntryIfFolder } from "../files/entry.ts";
import { readEntry } from "../files/read_whole.ts";
import type { Disk } from "../files/disk.ts";
import { replaceFile } from "../files/replace_file.ts";
import { callHere } from "../sys/disk_calls.ts";
import { EIO, ENOENT, EPERM } from "../sys/errno.ts";
import { closeFd } from "../sys/fd.ts";
import { SystemError, unwrap } from "../sys/system_error.ts";

/** Size of a region, bytes. */
export const REGION_BYTES = 16 * 1024 * 1024;
const HEAD_BYTES = 128;
const WRITTEN = "w".charCodeAt(0);
const DONE = ".".charCodeAt(0);

const UNKNOWN_WRITES = [
  "the device may have other bytes than the image: name a new IMAGE, and read it again",
];

const HEAD = /^# blkcache: regions being written, size (\d+), region (\d+) *\n$/;

/** A range of the device, bytes. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

export function intentsPathOf(imagePath: string): string {
  return `${imagePath}.writing`;
}

/** The record of a run, which is made with its first write. */
export class WriteIntents {
  readonly #path: string;
  readonly #size: number;
  readonly #mode: number;
  readonly #disk: Disk;
  #fd = -1;
  /** When each region that is recorded was written to last, milliseconds. */
  readonly #regions = new Map<number, number>();
  /** Regions that stay recorded until the run has come to a clean end. */
  readonly #suspects = new Set<number>();

  /** @param mode permission bits of a new record. @param disk makes the calls. */
  constructor(path: string, size: number, mode: number, disk: Disk = callHere) {
    this.#disk = disk;
    this.#path = path;
    this.#size = size;
    this.#mode = mode;
  }

  /** [start, end) is going to be written to. @returns 0 when that is on the disk, or -errno. */
  begin(start: number, end: number, nowMs: number): number {
    const regions = this.#regionsOf(start, end);
    const fresh = regions.filter((region) => !this.#regions.has(region));
    try {
      if (fresh.length > 0) this.#record(fresh);
    } catch (error) {
      if (error instanceof SystemError) return -error.errno;
      throw error;
    }
    for (const region of regions) this.#regions.set(region, nowMs);
    return 0;
  }

  #record(regions: readonly number[]): void {
    if (this.#fd < 0) {
      replaceFile(this.#path, this.#blank(), this.#mode, this.#disk);
      this.#fd = openReplaced(this.#path);
    }
    for (const region of regions) this.#put(region, WRITTEN);
    unwrap(this.#disk(["fdatasync", this.#fd]), "fdatasync", { path: this.#path });
  }

  /** Image and map may not say what the device has in [start, end). */
  suspect(start: number, end: number): void {
    for (const region of this.#regionsOf(start, end)) this.#suspects.add(region);
  }

  /** The regions that are recorded. */
  recorded(): Region[] {
    return Array.from(this.#regions.keys(), (region) => regionAt(region, this.#size));
  }

  /** Device and image have what was written before, on their disks: regions at rest since `sinceMs` are done. */
  synced(sinceMs: number): void {
    for (const [region, writtenMs] of this.#regions) {
      if (writtenMs > sinceMs || this.#suspects.has(region)) continue;
      try {
        this.#put(region, DONE);
      } catch (error) {
        if (error instanceof SystemError) return;
        throw error;
      }
      this.#regions.delete(region);
    }
  }

  /** The file stays: it is removed when the run has come to a clean end. */
  close(): void {
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
  }

  #put(region: number, state: number): void {
    const offset = HEAD_BYTES + region;
    const count = this.#disk(["pwrite", this.#fd, Uint8Array.of(state), 1n, BigInt(offset)]);
    unwrap(count === 0 ? -EIO : count, "pwrite", { path: this.#path, offset, length: 1 });
  }

  #regionsOf(start: number, end: number): number[] {
    const first = Math.floor(start / REGION_BYTES);
    const last = Math.floor((end - 1) / REGION_BYTES);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }

  #blank(): Uint8Array<ArrayBuffer> {
    const count = Math.ceil(this.#size / REGION_BYTES);
    const bytes = new Uint8Array(HEAD_BYTES + count + 1).fill(DONE);
    const head = `# blkcache: regions being written, size ${this.#size}, region ${REGION_BYTES}`;
    bytes.set(new TextEncoder().encode(head.padEnd(HEAD_BYTES - 1) + "\n"));
    bytes[bytes.length - 1] = 10;
    return bytes;
  }
}

/**
 * The regions that an earlier run was writing to when it ended; neighbours are joined.
 * @returns undefined when it has come to a clean end.
 * @throws {UserError} when there is a record that cannot be understood.
 */
export function unfinishedRegions(path: string, size: number): Region[] | undefined {
  const count = Math.ceil(size / REGION_BYTES);
  using entry = findEntryIfFolder(path);
  const bytes = entry && readEntry(entry, {
    what: "record of writes",
    mostBytes: HEAD_BYTES + count + 1,
    hints: UNKNOWN_WRITES,
  });
  if (bytes === undefined) return undefined;
  const [, forSize, regionBytes] =
    HEAD.exec(new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES))) ?? [];
  const isWhole = Number(forSize) === size && Number(regionBytes) === REGION_BYTES &&
    bytes.length === HEAD_BYTES + count + 1;
  if (!isWhole) {
    throw new UserError(`cannot understand the record of writes "${printable(path)}"`, {
      hints: UNKNOWN_WRITES,
    });
  }
  const regions: Region[] = [];
  for (let region = 0; region < count; region++) {
    // Whatever is not known to be done may not be.
    if (bytes[HEAD_BYTES + region] === DONE) continue;
    const { start, end } = regionAt(region, size);
    const last = regions.at(-1);
    if (last?.end === start) regions[regions.length - 1] = { start: last.start, end };
    else regions.push({ start, end });
  }
  return regions;
}

/** @throws {SystemError} also when another program has put another file there at this moment. */
function openReplaced(path: string): number {
  try {
    using entry = findEntry(path);
    const fd = entry.open("record of writes", true);
    if (fd !== undefined) return fd;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new SystemError(EPERM, "open", { path, cause: error });
  }
  throw new SystemError(ENOENT, "open", { path });
}

function regionAt(region: number, size: number): Region {
  const start = region * REGION_BYTES;
  return { start, end: Math.min(start + REGION_BYTES, size) };
}
