// Writes to the device and to the image, for clients who were allowed to: whole sectors, a piece at a time, so
// that others have their turn between them. Those of one session are done in the order of arrival. Reader
// thread only.
//
// The device comes first, then the image, then the map. From before the first until after the last of them the
// region stands in the record of writes, so that a run that ends in between leaves no `+` that is not true.
import { alignDown, alignUp } from "../base/ranges.ts";
import type { Disk } from "../files/disk.ts";
import type { Publisher } from "./publisher.ts";
import type { WriteIntents } from "./write_intents.ts";
import type { FileMap } from "../map/file_map.ts";
import { BAD_SECTOR } from "../map/statuses.ts";
import {
  KIND_FLUSH,
  KIND_WRITE,
  KIND_WRITE_DURABLE,
  KIND_ZERO_DURABLE,
} from "../shared/shared_state.ts";
import { EIO, ESHUTDOWN } from "../sys/errno.ts";
import { callHere } from "../sys/disk_calls.ts";
import { copyMemory, tryPreadAll } from "../sys/fd.ts";
import type { NativeMemory } from "../sys/memory.ts";
import type { PendingRead } from "./pending_read.ts";
import type { PendingReads } from "./pending_reads.ts";
import type { ReadableDevice } from "./reader_parts.ts";
import { SliceSize } from "./slice_size.ts";

/** How long a region stays recorded after its last write, milliseconds: recording it again costs a sync. */
const REST_MS = 5000;

/** The device as it is written. */
export interface WritableDevice {
  /** One write of whole sectors. @returns bytes, possibly fewer, or -errno. May hang. */
  write(address: number, length: number, offset: number): number;
  /** Makes what was written durable. @returns 0 or -errno. */
  sync(): number;
}

/** Everything that writes need. */
export interface DeviceWritesParts {
  readonly device: ReadableDevice;
  readonly writable: WritableDevice;
  readonly map: FileMap;
  readonly publisher: Publisher;
  /** Descriptor of the image. */
  readonly imageFd: number;
  /** MAX_READ bytes, aligned for O_DIRECT. */
  readonly buffer: NativeMemory;
  readonly intents: WriteIntents;
  /** Makes the calls on the image's disk; default: this thread. */
  readonly disk?: Disk;
  /** Milliseconds, to measure how long writes take; default: the system's clock. */
  readonly now?: () => number;
  /** Told of each trouble, as a sentence; must sum up. */
  readonly warn: (what: string, errno: number) => void;
}

/**
 * Writes of clients to the device and to the image, a piece of whole sectors at a time. Reader
 * thread only.
 */
export class DeviceWrites {
  readonly #parts: DeviceWritesParts;
  readonly #pending: PendingReads;
  readonly #slice: SliceSize;
  readonly #now: () => number;
  /** Something was written since the last good flush. */
  #isDirty = false;

  constructor(parts: DeviceWritesParts, pending: PendingReads) {
    this.#parts = parts;
    this.#pending = pending;
    this.#slice = new SliceSize(parts.device.sectorSize);
    this.#now = parts.now ?? (() => performance.now());
  }

  /** Does a piece of a write, or a flush. */
  step(write: PendingRead): void {
    if (write.kind === KIND_FLUSH) return this.#flushFor();
    const errno = this.#writePiece(write);
    if (errno !== 0) return this.#pending.endWrite(write, errno);
    if (write.cursor < write.end) return;
    const isDurable = write.kind === KIND_WRITE_DURABLE || write.kind === KIND_ZERO_DURABLE;
    this.#pending.endWrite(write, isDurable ? this.#flush() : 0);
  }

  /** One flush for all who wait for one: none of them speaks of writes that come later. */
  #flushFor(): void {
    const waiting = this.#pending.flushes();
    const errno = this.#flush();
    for (const flush of waiting) this.#pending.endWrite(flush, errno);
  }

  /** Nothing more is written: what waits is refused. @returns whether anything did. */
  refuseAll(errno = ESHUTDOWN): boolean {
    const waiting = this.#pending.writes();
    for (const write of waiting) this.#pending.endWrite(write, errno);
    return waiting.length > 0;
  }

  /** The end of the run. @returns true when device and image have all that was written. */
  finish(): boolean {
    this.refuseAll();
    const errno = this.#flush();
    this.#parts.intents.close();
    return errno === 0;
  }

  /** @returns 0 when the cursor has moved, or an error number. */
  #writePiece(write: PendingRead): number {
    const { device, buffer, intents } = this.#parts;
    const start = alignDown(write.cursor, device.sectorSize);
    const limit = Math.min(write.end, start + this.#slice.limit);
    const end = Math.min(alignUp(limit, device.sectorSize), device.size);
    const edges = this.#loadEdges(start, write.cursor, limit, end);
    if (edges !== 0) return edges;
    if (write.kind === KIND_WRITE || write.kind === KIND_WRITE_DURABLE) {
      const source = write.bounce + write.cursor - write.offset;
      copyMemory(buffer.address + write.cursor - start, source, limit - write.cursor);
    } else {
      buffer.bytes.fill(0, write.cursor - start, limit - start);
    }
    const recorded = intents.begin(start, end, performance.now());
    if (recorded < 0) {
      this.#parts.warn("cannot keep the record of writes, so nothing is written", -recorded);
      return -recorded;
    }
    this.#isDirty = true;
    const beganMs = this.#now();
    const errno = this.#write(start, end);
    if (errno !== 0) return errno;
    this.#slice.good(end - start, this.#now() - beganMs);
    write.cursor = limit;
    return 0;
  }

  /** Writes the buffer, device first. */
  #write(start: number, end: number): number {
    const { writable, publisher, buffer, intents } = this.#parts;
    for (let done = 0; done < end - start;) {
      const count = writable.write(buffer.address + done, end - start - done, start + done);
      if (count > 0) {
        done += count;
        continue;
      }
      // It is unknown what the device has there now.
      intents.suspect(start, end);
      publisher.forget(start, end);
      const errno = count < 0 ? -count : EIO;
      this.#parts.warn("cannot write", errno);
      return errno;
    }
    if (!publisher.publish(buffer.address, start, end - start)) {
      // The device has it, the image may have some of it.
      intents.suspect(start, end);
      publisher.forget(start, end);
    }
    return 0;
  }

  /** Puts the sectors into the buffer of which [from, to) covers a part: the first and the last one. */
  #loadEdges(start: number, from: number, to: number, end: number): number {
    const { sectorSize } = this.#parts.device;
    const last = alignDown(to, sectorSize);
    if (start < from) {
      const errno = this.#load(start, start);
      if (errno !== 0) return errno;
    }
    return to < end && (last > start || start === from) ? this.#load(start, last) : 0;
  }

  /** Reads the sector at `sector` to its offset in the buffer, which begins at `start`. */
  #load(start: number, sector: number): number {
    const { device, map, imageFd, buffer } = this.#parts;
    const length = Math.min(device.sectorSize, device.size - sector);
    const address = buffer.address + sector - start;
    if (map.isFinished(sector, sector + length)) {
      if (tryPreadAll(imageFd, address, length, sector) === length) return 0;
    } else if (map.at(sector) === BAD_SECTOR) {
      return EIO;
    }
    for (let done = 0; done < length;) {
      const count = device.read(address + done, device.sectorSize - done, sector + done);
      if (count <= 0) {
        return count < 0 ? -count : EIO;
      }
      done += count;
    }
    return 0;
  }

  /** Makes everything that was written durable. @returns 0, or an error number of the device. */
  #flush(): number {
    if (!this.#isDirty) return 0;
    const { writable, imageFd, intents, warn, disk = callHere } = this.#parts;
    const beganMs = performance.now();
    const device = writable.sync();
    if (device < 0) {
      // Linux forgets bytes that it could not write, and nothing tells which of them the device has.
      warn("cannot sync", -device);
      this.#doubt();
      return -device;
    }
    this.#isDirty = false;
    const result = disk(["fdatasync", imageFd]);
    if (result < 0) {
      warn("cannot sync the image of", -result);
      this.#doubt();
      return 0;
    }
    intents.synced(beganMs - REST_MS);
    return 0;
  }

  /** Nothing in the regions that are recorded is certain any more. */
  #doubt(): void {
    const { intents, publisher } = this.#parts;
    for (const { start, end } of intents.recorded()) {
      intents.suspect(start, end);
      publisher.forget(start, end);
    }
  }
}
