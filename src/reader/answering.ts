// Brings what was read, or was found unreadable, to the requests that wait for it, and moves them on to what they
// need next. Reader thread only.
import { alignDown } from "../base/ranges.ts";
import type { Extent } from "../map/file_map.ts";
import { BAD_SECTOR, FINISHED, MISSING, NON_TRIED } from "../map/statuses.ts";
import { fillBounce } from "../shared/bounce_buffer.ts";
import { KIND_BYPASS, RESULT_RESOLVED, RESULT_UNCACHED } from "../shared/shared_state.ts";
import type { PendingRead } from "./pending_read.ts";
import type { PendingReads } from "./pending_reads.ts";
import type { ReaderParts } from "./reader_parts.ts";

/**
 * Gives read bytes and failures to the requests that wait for them, and ends those that have all
 * they can get. Reader thread only.
 */
export class Answering {
  /** The extent at the cursor of the read that was last advanced. */
  readonly extent: Extent = { end: 0, status: NON_TRIED };
  readonly #parts: ReaderParts;
  readonly #pending: PendingReads;
  /** Retries made of a bad sector, by offset; only used where the user wants some. */
  readonly #retried = new Map<number, number>();
  /** Those among them that are not proved yet. */
  #unprovedRetries: number[] = [];
  /** Reads that have all they can get, and are not to be told of failures before these are proved. */
  #aside: PendingRead[] = [];

  constructor(parts: ReaderParts, pending: PendingReads) {
    this.#parts = parts;
    this.#pending = pending;
  }

  /** Moves the cursor over what needs no device read. @returns false at the end; else `extent` says what is there. */
  advance(read: PendingRead): boolean {
    const { map } = this.#parts;
    while (read.cursor < read.end) {
      map.extentAt(read.cursor, read.end, this.extent);
      const { status, end } = this.extent;
      if (status === FINISHED && read.kind !== KIND_BYPASS) read.cursor = end;
      else if (status === BAD_SECTOR && !this.#mayRetry(read.cursor)) {
        read.cursor = this.#badEnd(read);
      } else return true;
    }
    return false;
  }

  #mayRetry(offset: number): boolean {
    const { settings, device } = this.#parts;
    return settings.retries > (this.#retried.get(alignDown(offset, device.sectorSize)) ?? 0);
  }

  /** How far the bad sector at the cursor goes: with retries each has its own count. */
  #badEnd(read: PendingRead): number {
    const { settings, device } = this.#parts;
    if (settings.retries === 0) return this.extent.end;
    return Math.min(this.extent.end, alignDown(read.cursor, device.sectorSize) + device.sectorSize);
  }

  /** The bad sector at `offset` is about to be tried once more. */
  noteRetry(offset: number): void {
    this.#retried.set(offset, (this.#retried.get(offset) ?? 0) + 1);
    this.#unprovedRetries.push(offset);
  }

  /**
   * Good bytes are in the buffer: publishes them and ends the requests that have all they can get.
   * @returns false when the image has not kept them.
   */
  deliver(start: number, length: number): boolean {
    const { publisher, buffer } = this.#parts;
    const kept = publisher.publish(buffer.address, start, length);
    const end = start + length;
    if (!kept || this.#pending.hasBounces) {
      for (const read of this.#pending.reads()) this.#bounce(read, start, end, kept);
    }
    this.settle(start, end);
    return kept;
  }

  /** Copies what concerns `read` of the good bytes in the buffer, where it has memory for them. */
  #bounce(read: PendingRead, start: number, end: number, kept: boolean): void {
    if (!read.overlaps(start, end)) return;
    if (!kept) read.unkept = true;
    if (read.bounce === 0) return;
    const { device, buffer } = this.#parts;
    const from = Math.max(start, read.offset);
    const to = Math.min(end, read.end);
    const source = buffer.address + from - start;
    fillBounce(read.bounce, read.offset, read.end, device.sectorSize, source, from, to);
  }

  /** No more bytes of [start, end) will come: reads that have waited for it go on behind it, or end. */
  settle(start: number, end: number): void {
    for (const read of this.#pending.takeNeeding(start, end)) this.goOn(read, end);
  }

  /** Moves the cursor of a read that has been taken out of the list to `end`, and on; ends it at its end. */
  goOn(read: PendingRead, end: number): void {
    read.cursor = Math.min(read.end, end);
    this.begin(read);
  }

  /** Places a read where it needs something, or ends it. */
  begin(read: PendingRead): void {
    if (this.advance(read)) this.#pending.insert(read);
    else this.finish(read);
  }

  /** Moves on over what has come without it. @returns false when it needs nothing; else `extent` says what is there. */
  catchUp(read: PendingRead): boolean {
    this.#pending.takeOut(read);
    this.begin(read);
    return read.isListed;
  }

  finish(read: PendingRead): void {
    if (!this.#mayTell(read)) {
      this.#pending.setAside(read);
      this.#aside.push(read);
      return;
    }
    this.#finishNow(read);
  }

  /** Whether nothing that the read is going to be told may be taken back. */
  #mayTell({ kind, offset, end }: PendingRead): boolean {
    const { map, publisher: { unproved } } = this.#parts;
    return !unproved.isInDoubt || kind !== KIND_BYPASS && map.find(offset, end, MISSING) < 0;
  }

  #finishNow(read: PendingRead): void {
    const unreachable = read.unkept && read.bounce === 0;
    this.#pending.end(read, unreachable ? RESULT_UNCACHED : RESULT_RESOLVED);
  }

  /** Some read waits to be told of a failure. */
  get awaitsProof(): boolean {
    return this.#aside.length > 0;
  }

  /** The device has proved alive: the failures before count. */
  proved(): void {
    this.#unprovedRetries.length = 0;
    this.tellUnproved();
  }

  /** Ends the reads that were set aside. */
  tellUnproved(): void {
    for (const read of this.takeAside()) this.#finishNow(read);
  }

  /** The device did not answer, and the map is as it was: all reads begin anew. */
  takenBack(): void {
    for (const offset of this.#unprovedRetries) {
      this.#retried.set(offset, this.#retried.get(offset)! - 1);
    }
    this.#unprovedRetries.length = 0;
    const listed = this.#pending.reads();
    for (const read of listed) if (read.isListed) this.#pending.takeOut(read);
    for (const read of [...this.takeAside(), ...listed]) {
      read.cursor = read.offset;
      this.begin(read);
    }
  }

  /** The reads that were set aside, which are the caller's to end. */
  takeAside(): PendingRead[] {
    const aside = this.#aside;
    if (aside.length > 0) this.#aside = [];
    return aside;
  }

  /** Ends a read with the bytes that there are; the device is not asked again. */
  end(read: PendingRead): void {
    this.#pending.end(read, RESULT_RESOLVED);
  }
}
