// A device behind its cache and under an overlay, as one session sees it: bytes that clients have written come
// from the overlay, all others from the cache. Session thread only.
//
// Whatever is in the overlay when a read is answered is taken from there, also for reads that were parked: so
// writes that were done before a read was sent are always seen. Bytes never leave the overlay during a run.
import type { DescribedExtent, NbdBackend } from "../nbd/backend.ts";
import type { PendingRequests } from "../base/pending_requests.ts";
import { FINISHED } from "../map/statuses.ts";
import type { NativeMemory } from "../sys/memory.ts";
import type { CachedFile } from "./cached_file.ts";
import { describeData } from "./described_data.ts";
import type { Overlay } from "./overlay.ts";
import type { OverlayWriter } from "./overlay_writer.ts";

/** A device behind its cache and under an overlay, as one session sees it. Session thread only. */
export class OverlaidFile implements NbdBackend {
  readonly size: number;
  readonly sectorSize: number;
  readonly pending: PendingRequests;
  readonly writer: OverlayWriter;
  readonly #cached: CachedFile;
  readonly #overlay: Overlay;
  readonly #output: Pick<NativeMemory, "address">;
  readonly #unreadable: number[] = [];

  /** @param output the session's send buffer. */
  constructor(
    cached: CachedFile,
    overlay: Overlay,
    writer: OverlayWriter,
    output: Pick<NativeMemory, "address">,
  ) {
    this.size = cached.size;
    this.sectorSize = cached.sectorSize;
    this.pending = cached.pending;
    this.writer = writer;
    this.#cached = cached;
    this.#overlay = overlay;
    this.#output = output;
  }

  get ending(): boolean {
    return this.#cached.ending;
  }

  readCached(at: number, offset: number, length: number): boolean {
    const end = offset + length;
    if (this.#overlay.isUntouched(offset, end)) return this.#cached.readCached(at, offset, length);
    for (let start = offset, extentEnd; start < end; start = extentEnd) {
      extentEnd = this.#overlay.extentEnd(start, end);
      const bytes = extentEnd - start;
      const to = at + start - offset;
      const isThere = this.#overlay.holdsExtent
        ? this.#overlay.read(this.#output.address + to, start, bytes) === bytes
        : this.#cached.readCached(to, start, bytes);
      if (!isThere) return false;
    }
    return true;
  }

  isCached(offset: number, length: number): boolean {
    const end = offset + length;
    for (let start = offset, extentEnd; start < end; start = extentEnd) {
      extentEnd = this.#overlay.extentEnd(start, end);
      if (!this.#overlay.holdsExtent && !this.#cached.isCached(start, extentEnd - start)) {
        return false;
      }
    }
    return true;
  }

  fileOf(offset: number, length: number): number {
    return this.#overlay.isUntouched(offset, offset + length)
      ? this.#cached.fileOf(offset, length)
      : -1;
  }

  noteRead(offset: number, length: number): void {
    this.#cached.noteRead(offset, length);
  }

  park(slot: number): void {
    let start = this.pending.offsets[slot];
    let end = start + this.pending.lengths[slot];
    // The device need not be asked for written bytes; it may not be able to give them.
    const first = this.#overlay.extentEnd(start, end);
    if (this.#overlay.holdsExtent && first < end) start = first;
    end = this.#lastUnwritten(start, end);
    this.#cached.parkRange(slot, start, end);
  }

  /** Where the last byte of [start, end) that is not in the overlay ends; `end` when there is none. */
  #lastUnwritten(start: number, end: number): number {
    let last = end;
    for (let at = start, extentEnd; at < end; at = extentEnd) {
      extentEnd = this.#overlay.extentEnd(at, end);
      if (!this.#overlay.holdsExtent) last = extentEnd;
    }
    return last;
  }

  nextEnded(): number {
    return this.#cached.nextEnded();
  }

  collect(slot: number, at: number, offset: number, length: number): number {
    const end = offset + length;
    const shift = at - offset;
    // What is written at the ends of the range was not asked for.
    const start = Math.max(offset, this.#cached.askedStart(slot));
    const asked = Math.min(end, this.#cached.askedEnd(slot)) - start;
    const count = this.#cached.collect(slot, shift + start, start, asked);
    this.#unreadable.length = 0;
    let bad = 0;
    for (let position = offset, extentEnd; position < end; position = extentEnd) {
      extentEnd = this.#overlay.extentEnd(position, end);
      if (this.#overlay.holdsExtent) {
        const bytes = extentEnd - position;
        const got = this.#overlay.read(this.#output.address + shift + position, position, bytes);
        if (got < bytes) this.#unreadable.push(position + got, extentEnd);
        continue;
      }
      while (bad < count && this.#cached.unreadableEnd(bad) <= position) bad++;
      for (; bad < count && this.#cached.unreadableStart(bad) < extentEnd; bad++) {
        this.#unreadable.push(
          Math.max(position, this.#cached.unreadableStart(bad)),
          Math.min(extentEnd, this.#cached.unreadableEnd(bad)),
        );
        // It may go on behind the next written bytes.
        if (this.#cached.unreadableEnd(bad) > extentEnd) break;
      }
    }
    return this.#unreadable.length / 2;
  }

  unreadableStart(index: number): number {
    return this.#unreadable[index * 2];
  }
  unreadableEnd(index: number): number {
    return this.#unreadable[index * 2 + 1];
  }

  prefetch(offset: number, length: number): void {
    this.#cached.prefetch(offset, length);
  }

  describe(offset: number, limit: number, extent: DescribedExtent): void {
    const extentEnd = this.#overlay.extentEnd(offset, limit);
    if (!this.#overlay.holdsExtent) return this.#cached.describe(offset, extentEnd, extent);
    extent.end = extentEnd;
    extent.status = FINISHED;
    describeData(this.#overlay.file, offset, extent);
  }
}
