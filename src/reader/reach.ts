// How far one device read reaches: over the bytes that are asked for, and those that probably will be. Reader thread only.
import { alignDown, alignUp } from "../base/ranges.ts";
import type { Extent } from "../map/file_map.ts";
import { FINISHED, maskOf, MISSING, NON_TRIED } from "../map/statuses.ts";
import { type Pace, SICK_READ } from "./pace.ts";
import type { PendingReads } from "./pending_reads.ts";
import type { ReaderParts } from "./reader_parts.ts";

/**
 * Computes the range of one device read: the request, its neighbours and read-ahead. Reader thread
 * only.
 */
export class Reach {
  readonly #parts: ReaderParts;
  readonly #pending: PendingReads;
  readonly #pace: Pace;
  readonly #extent: Extent = { end: 0, status: NON_TRIED };

  constructor(parts: ReaderParts, pending: PendingReads, pace: Pace) {
    this.#parts = parts;
    this.#pending = pending;
    this.#pace = pace;
  }

  /** Not from a sick device, and not what would be thrown away. */
  get mayReadAhead(): boolean {
    return !this.#pace.isSick && !this.#parts.state.imageSick;
  }

  /**
   * Where the read for [start, end) begins: before it when that is waited for, in the same untried stretch,
   * so that clients that share out a stretch among their connections have it read in one go. A small read does
   * not wait for the bytes before it, which may turn out to be bad.
   * @param most bytes of the whole read.
   */
  start(start: number, end: number, most: number): number {
    const { map, device } = this.#parts;
    if (end - start < SICK_READ || end - start >= most || this.#pace.isSick) return start;
    const wanted = this.#pending.wantedStart(start, end - most);
    if (wanted === start) return start;
    const earlier = alignDown(wanted, device.sectorSize);
    map.extentAt(earlier, end, this.#extent);
    const isOneStretch = this.#extent.status === NON_TRIED && this.#extent.end > start;
    return isOneStretch && earlier >= end - most ? earlier : start;
  }

  /**
   * Where the read that begins at `start` ends: at `asked`, or behind it when more is expected, but at most at
   * `limit` and never in another status than the one at `start`, which is `status`.
   */
  end(start: number, asked: number, limit: number, status: number): number {
    const { map, device } = this.#parts;
    let end = Math.min(asked, device.size);
    if (this.mayReadAhead && this.#pending.hints.length > 0) {
      end = Math.max(end, this.quietEnd(end, this.#pending.hintedEnd(end, limit)));
    }
    map.extentAt(start, end, this.#extent);
    // A bypassing read takes `+` extents one at a time; an ordinary one stops where the next status begins.
    end = Math.min(end, alignUp(this.#extent.end, device.sectorSize));
    return status === FINISHED ? Math.min(end, asked) : end;
  }

  /** Ends the unasked part of a read before a failing sector, because its neighbours are likely to be bad too. */
  quietEnd(start: number, end: number): number {
    const { map, device } = this.#parts;
    const bad = map.find(
      start,
      Math.min(device.size, end + SICK_READ),
      MISSING & ~maskOf(NON_TRIED),
    );
    // At a cluster's edge, so that two reads never fail for one cluster.
    return bad < 0 ? end : Math.min(end, alignDown(bad - SICK_READ, SICK_READ));
  }
}
