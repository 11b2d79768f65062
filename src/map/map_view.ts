// A stretch of a map to look at: a zoom into a snapshot or a mapfile, perhaps through a domain. Extents are
// copied only where they have to be, as a map may have millions of them.

import type { MapSnapshot } from "./map_snapshot.ts";
import { FINISHED, NON_TRIED, type Status, STATUS_COUNT } from "./statuses.ts";

/** Stands among the statuses of a view for bytes that are outside of its domain. */
export const OUTSIDE: Status = STATUS_COUNT;

/** Extents that cover [start, end), bytes. */
export interface MapView {
  readonly start: number;
  readonly end: number;
  /** Starts of the extents, ascending; the first is not above `start`. Each ends where the next one starts. */
  readonly positions: Float64Array;
  /** Their statuses, or OUTSIDE. Equal neighbours are possible. */
  readonly statuses: Uint8Array;
}

/** The part [start, end) of a map. What the map does not speak of, around its extents, has not been tried. */
export function viewOf(
  { positions, statuses, size }: Pick<MapSnapshot, "positions" | "statuses" | "size">,
  start = 0,
  end: number = size,
): MapView {
  if (start >= size) {
    return { start, end, positions: Float64Array.of(start), statuses: Uint8Array.of(NON_TRIED) };
  }
  const first = Math.max(0, extentIndex(positions, start));
  const last = Math.max(first, extentIndex(positions, end - 1) + 1);
  const before = first === last || positions[first] > start ? [start] : [];
  const after = size < end ? [size] : [];
  const inside = {
    positions: positions.subarray(first, last),
    statuses: statuses.subarray(first, last),
  };
  if (before.length + after.length === 0) return { start, end, ...inside };
  const untried = (starts: number[]) => starts.map(() => NON_TRIED);
  return {
    start,
    end,
    positions: joined(Float64Array, before, inside.positions, after),
    statuses: joined(Uint8Array, untried(before), inside.statuses, untried(after)),
  };
}

/**
 * The view with everything OUTSIDE that `domain` does not call finished: ddrescue's way to name parts of a
 * device by a mapfile. Both are views of the same bytes.
 */
export function withDomain(view: MapView, domain: MapView): MapView {
  const { start, end } = view;
  const most = view.positions.length + domain.positions.length;
  const positions = new Float64Array(most);
  const statuses = new Uint8Array(most);
  let count = 0;
  let extent = 0;
  let part = 0;
  for (let at = start; at < end;) {
    positions[count] = at;
    statuses[count++] = domain.statuses[part] === FINISHED ? view.statuses[extent] : OUTSIDE;
    const extentEnd = endOf(view, extent);
    const partEnd = endOf(domain, part);
    at = Math.min(extentEnd, partEnd);
    if (at === extentEnd) extent++;
    if (at === partEnd) part++;
  }
  return { start, end, positions: positions.slice(0, count), statuses: statuses.slice(0, count) };
}

/** Where an extent of the view ends, at most at the view's end. */
export function endOf({ positions, end }: MapView, extent: number): number {
  return extent + 1 < positions.length ? Math.min(positions[extent + 1], end) : end;
}

/** Index of the last extent that starts at or before `offset`; -1 when none does. */
function extentIndex(positions: Float64Array, offset: number): number {
  let low = -1;
  let high = positions.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (positions[middle] <= offset) low = middle;
    else high = middle;
  }
  return low;
}

function joined<T extends Float64Array | Uint8Array>(
  kind: new (length: number) => T,
  before: readonly number[],
  middle: T,
  after: readonly number[],
): T {
  const all = new kind(before.length + middle.length + after.length);
  all.set(before);
  all.set(middle, before.length);
  all.set(after, before.length + middle.length);
  return all;
}
