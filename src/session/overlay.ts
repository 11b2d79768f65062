// An overlay: bytes that clients have written, kept beside a device that stays unchanged. They stand in a sparse
// file as large as the device; a FileMap says which of them count (`+`), and is saved beside the file as a
// mapfile. Every session has an Overlay of its own over the same file, map and words, and changes them itself:
// the reader and the device have no part in it.
//
// A write puts the bytes into the file, then claims them in the map, which has one writer at a time (`claims`).
// A flush saves the map as claims about the bytes of the file (durable_claims.ts): so a mapfile on disk never
// claims a byte that the file on disk does not have. Sessions that flush at the same time share one flush.
import type { Extent, FileMap, MapSnapshot } from "../map/file_map.ts";
import { FileMapFullError } from "../map/file_map.ts";
import { encodeMapfile } from "../map/mapfile.ts";
import { mapfileOf } from "../map/mapfile_conversion.ts";
import { FINISHED, NON_TRIED } from "../map/statuses.ts";
import { makeHere } from "../files/disk.ts";
import { saveClaims } from "../files/durable_claims.ts";
import { replacementOf } from "../files/replace_file.ts";
import { FutexLock } from "../shared/futex_lock.ts";
import { EIO, ENOSPC, EOPNOTSUPP } from "../sys/errno.ts";
import { tryPreadAll, tryPunchHole, tryPwriteAll, tryZeroRange } from "../sys/fd.ts";
import { NativeMemory } from "../sys/memory.ts";
import type { FileIdentity } from "../sys/statx.ts";
import { SystemError } from "../sys/system_error.ts";
import { SpareRoom } from "../files/spare_room.ts";
import { OVERLAY_SETTING, type OverlayParts } from "./overlay_parts.ts";

// Words of the shared memory (Int32).
const CLAIMS_LOCK = 0;
const FLUSH_LOCK = 1;
/** Counts the writes that have been done, by all sessions. */
const DONE = 2;
/** What DONE was at the start of the last good flush. */
const FLUSHED = 3;
/** The map's version that the mapfile has, at least. */
const SAVED_VERSION = 4;
/** 1 once the file cannot be trusted to keep what it is given: everything fails from then on. */
const BROKEN = 5;
/** 1 while writes fail for want of room. */
const FULL = 6;
/** Second, since 1970 and modulo 2^32, in which that was told last; 0: never. */
const TOLD = 7;

/** Least seconds between two warnings that there is no room. */
const TOLD_SECONDS = 60;

/** Zeros that are written at a time, where the file system knows no better. */
const ZERO_BYTES = 1024 * 1024;

/** Whether the disk has all that was written, as the sessions' shared memory says after their end. */
export function isOverlaySaved(memory: SharedArrayBuffer): boolean {
  const words = new Int32Array(memory);
  return Atomics.load(words, DONE) === Atomics.load(words, FLUSHED) &&
    Atomics.load(words, BROKEN) === 0;
}

/**
 * Written bytes of clients in a sparse file beside the image, with a map of the bytes that it has.
 * One session's own; what changes or syncs the file may block.
 */
export class Overlay {
  readonly #parts: OverlayParts;
  readonly #map: FileMap;
  readonly #fileFd: number;
  readonly #words: Int32Array;
  readonly #claims: FutexLock;
  readonly #flushing: FutexLock;
  readonly #room: SpareRoom;
  readonly #extent: Extent = { end: 0, status: NON_TRIED };
  #canPunch = true;
  #zeros: NativeMemory | undefined;

  constructor(parts: OverlayParts) {
    this.#parts = parts;
    this.#map = parts.map;
    this.#fileFd = parts.fileFd;
    this.#words = new Int32Array(parts.words);
    this.#claims = new FutexLock(this.#words, CLAIMS_LOCK);
    this.#flushing = new FutexLock(this.#words, FLUSH_LOCK);
    this.#room = new SpareRoom(parts.fileFd);
  }

  get file(): number {
    return this.#fileFd;
  }

  // --- reads --------------------------------------------------------------------------------------

  /** Whether no byte of [start, end), which is not empty, is in the overlay. About as fast as a hit's lookup. */
  isUntouched(start: number, end: number): boolean {
    this.#map.extentAt(start, end, this.#extent);
    return this.#extent.end === end && this.#extent.status !== FINISHED;
  }

  /** End of the bytes from `offset` on that are all in the overlay, or all not; at most `limit`. */
  extentEnd(offset: number, limit: number): number {
    this.#map.extentAt(offset, limit, this.#extent);
    return this.#extent.end;
  }

  /** Whether the extent that `extentEnd` was asked for last is in the overlay. */
  get holdsExtent(): boolean {
    return this.#extent.status === FINISHED;
  }

  /** Copies bytes that are in the overlay to memory. @returns how many; fewer when some cannot be read. */
  read(address: number, offset: number, length: number): number {
    return Math.max(0, tryPreadAll(this.#fileFd, address, length, offset));
  }

  // --- writes: 0, or a positive error number ------------------------------------------------------

  write(address: number, offset: number, length: number): number {
    if (this.#isBroken) return EIO;
    const full = Atomics.load(this.#words, FULL) === 1;
    if (!this.#room.has(length, full)) return this.#failed(ENOSPC);
    const result = tryPwriteAll(this.#fileFd, address, length, offset);
    return result < 0 ? this.#failed(-result) : this.#claim(offset, offset + length);
  }

  /**
   * Makes a range read as zeros.
   * @param mayLeaveHoles false: room for the bytes is kept.
   * @param fast EOPNOTSUPP rather than writing zeros.
   */
  zero(offset: number, length: number, mayLeaveHoles: boolean, fast: boolean): number {
    if (this.#isBroken) return EIO;
    const result = mayLeaveHoles
      ? this.#punch(offset, length)
      : this.#room.has(length, true)
      ? tryZeroRange(this.#fileFd, offset, length)
      : -ENOSPC;
    if (result === 0) return this.#claim(offset, offset + length);
    if (result !== -EOPNOTSUPP) return this.#failed(-result);
    return fast ? EOPNOTSUPP : this.#writeZeros(offset, length);
  }

  /** Discards a range: it reads as zeros and takes no room. Where the file system cannot do that, the bytes stay. */
  trim(offset: number, length: number): number {
    if (this.#isBroken) return EIO;
    const result = this.#punch(offset, length);
    if (result === 0) return this.#claim(offset, offset + length);
    return result === -EOPNOTSUPP ? 0 : this.#failed(-result);
  }

  #punch(offset: number, length: number): number {
    if (!this.#canPunch) return -EOPNOTSUPP;
    const result = tryPunchHole(this.#fileFd, offset, length);
    if (result === -EOPNOTSUPP) this.#canPunch = false;
    return result;
  }

  #writeZeros(offset: number, length: number): number {
    this.#zeros ??= NativeMemory.allocate(ZERO_BYTES);
    for (let done = 0; done < length; done += ZERO_BYTES) {
      const piece = Math.min(ZERO_BYTES, length - done);
      const errno = this.write(this.#zeros.address, offset + done, piece);
      if (errno !== 0) return errno;
    }
    return 0;
  }

  /** The bytes are in the file: says so. */
  #claim(start: number, end: number): number {
    if (!this.#map.isFinished(start, end)) {
      try {
        this.#claims.hold(() => this.#map.set(start, end, FINISHED));
      } catch (error) {
        if (error instanceof FileMapFullError) return this.#failed(ENOSPC);
        throw error;
      }
    }
    if (Atomics.load(this.#words, FULL) === 1) Atomics.store(this.#words, FULL, 0);
    // Behind the bytes and the map: a flush that sees it covers both.
    Atomics.add(this.#words, DONE, 1);
    return 0;
  }

  #failed(errno: number): number {
    const { path, tell } = this.#parts;
    Atomics.store(this.#words, FULL, 1);
    const now = 1 + Math.floor((performance.timeOrigin + performance.now()) / 1000) | 0;
    const told = Atomics.load(this.#words, TOLD);
    // The session that changes the word first tells.
    const mayTell = told === 0 || now - told >= TOLD_SECONDS;
    if (mayTell && Atomics.compareExchange(this.#words, TOLD, told, now) === told) {
      tell({
        message: new SystemError(errno, "write", { path }).message,
        hints: ["make room; what clients have written before is kept, and reads go on"],
      });
    }
    return errno;
  }

  // --- durability ---------------------------------------------------------------------------------

  /** True when something has been written since the last good flush. */
  get isDirty(): boolean {
    return Atomics.load(this.#words, DONE) !== Atomics.load(this.#words, FLUSHED);
  }

  /** Makes durable whatever has been written before, by any session. @returns 0, or an error number. */
  flush(): number {
    const wanted = Atomics.load(this.#words, DONE);
    return this.#flushing.hold(() => {
      if (this.#isBroken) return EIO;
      const flushed = Atomics.load(this.#words, FLUSHED);
      // Another session's flush, which began after these writes, has covered them.
      return ((flushed - wanted) | 0) >= 0 ? 0 : this.#flushNow();
    });
  }

  #flushNow(): number {
    const words = this.#words;
    const covered = Atomics.load(words, DONE);
    const map = this.#map;
    const { path, mapPath, mode, disk } = this.#parts;
    const version = map.version | 0;
    const isSaved = version === Atomics.load(words, SAVED_VERSION);
    let isSynced = false;
    let isWhole = false;
    const save = saveClaims({
      data: this.#fileFd,
      dataPath: path,
      snapshot: () => isSaved ? undefined : map.snapshot(),
      encode: (snapshot, { size, nlink }: FileIdentity) => {
        isSynced = true;
        isWhole = nlink > 0 && size === map.size;
        return snapshot && isWhole ? this.#encode(snapshot) : undefined;
      },
    }, (content) => replacementOf(mapPath, content, mode));
    try {
      makeHere(save, disk);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      // Linux forgets what it could not write: a later sync would say that all is well.
      if (!isSynced) return this.#break(error.message);
      // The mapfile is the one before: the next flush tries again.
      return this.#failed(error.errno);
    }
    if (!isWhole) return this.#break(`the overlay "${path}" has been deleted or cut short`);
    Atomics.store(words, SAVED_VERSION, version);
    Atomics.store(words, FLUSHED, covered);
    return 0;
  }

  #encode(snapshot: MapSnapshot): Uint8Array<ArrayBuffer> {
    const { comments, identity, version, commandLine, startTime } = this.#parts;
    const contents = mapfileOf(snapshot, comments, new Map([[OVERLAY_SETTING, identity]]));
    const heading = { version, commandLine, startTime, currentTime: new Date() };
    return encodeMapfile(contents, heading);
  }

  get #isBroken(): boolean {
    return Atomics.load(this.#words, BROKEN) === 1;
  }

  #break(message: string): number {
    if (Atomics.exchange(this.#words, BROKEN, 1) === 0) {
      this.#parts.tell({
        message,
        hints: [
          "no further writes are taken, as it cannot be known what has been kept since the last flush",
        ],
      });
    }
    return EIO;
  }

  /** Gives memory back. */
  release(): void {
    this.#zeros?.release();
  }
}
