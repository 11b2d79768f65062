// What a map calls finished, as intervals. Any thread.
import { alignDown, alignUp } from "../base/ranges.ts";
import type { FileMap } from "../map/file_map.ts";
import { FINISHED, maskOf } from "../map/statuses.ts";

/** Bytes, half-open. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/**
 * Every finished byte, in pieces of at most `length` bytes; undefined when there are more than `most` of them. The first
 * `head` bytes are a piece of their own.
 */
export function wholeImage(
  map: FileMap,
  most: number,
  length: number,
  head: number,
): Interval[] | undefined {
  const pieces: Interval[] = [];
  if (map.total(FINISHED) > most * length) return undefined;
  const extent = { end: 0, status: FINISHED };
  for (let at = 0; at < map.size; at = extent.end) {
    const start = map.find(at, map.size, maskOf(FINISHED));
    if (start < 0) break;
    map.extentAt(start, map.size, extent);
    for (let from = start; from < extent.end; from = pieces.at(-1)!.end) {
      const end = from < head ? Math.min(head, from + length) : from + length;
      pieces.push({ start: from, end: Math.min(end, extent.end) });
    }
    if (pieces.length > most) return undefined;
  }
  return pieces;
}

/** How many bytes of [start, end) are finished. */
export function finishedBytes(map: FileMap, start: number, end: number): number {
  let bytes = 0;
  for (const area of start < end ? map.ranges(start, end) : []) {
    if (area.status === FINISHED) bytes += area.end - area.start;
  }
  return bytes;
}

/** The longest finished part of [start, end) in whole sectors. */
export function longestFinished(
  map: FileMap,
  start: number,
  end: number,
  sectorSize: number,
): Interval | undefined {
  let longest: Interval | undefined;
  for (const area of start < end ? map.ranges(start, end) : []) {
    if (area.status !== FINISHED) continue;
    const from = alignUp(area.start, sectorSize);
    const to = area.end === map.size ? area.end : alignDown(area.end, sectorSize);
    if (to - from > (longest ? longest.end - longest.start : 0)) longest = { start: from, end: to };
  }
  return longest;
}
