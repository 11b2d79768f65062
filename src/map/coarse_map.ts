// A map reduced to a few cells, as many as a picture needs, for any number of extents. About 5 ms
// for 1,000,000 of them.

import { endOf, type MapView, OUTSIDE } from "./map_view.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Status,
} from "./statuses.ts";

/** Equal parts of [start, end): cell i begins at `cellStart(map, i)`. */
export interface CoarseMap {
  readonly start: number;
  readonly end: number;
  /** The worst status in each cell; OUTSIDE where there is nothing else. */
  readonly worst: Uint8Array;
  /** How much of each cell is finished: 0 is nothing and 255 is all, never by rounding. */
  readonly finished: Uint8Array;
}

/** From harmless to bad. */
const BY_SEVERITY: readonly Status[] = [
  OUTSIDE,
  FINISHED,
  NON_TRIED,
  NON_TRIMMED,
  NON_SCRAPED,
  BAD_SECTOR,
];
const SEVERITY = Uint8Array.from(BY_SEVERITY.keys(), (status) => BY_SEVERITY.indexOf(status));
/** `finished` of a cell that is finished altogether. */
export const ALL_FINISHED = 255;

/** Reduces a view to `count` cells, or one a byte when it is that small. */
export function coarsen(view: MapView, count: number): CoarseMap {
  const { start, end, statuses } = view;
  const cells = Math.min(count, end - start);
  const worst = new Uint8Array(cells);
  const finished = new Uint8Array(cells);
  let at = start;
  let extent = 0;
  for (let cell = 0; cell < cells; cell++) {
    const from = at;
    const to = cellBoundary(start, end, cells, cell + 1);
    let severity = 0;
    let good = 0;
    while (at < to) {
      const extentEnd = endOf(view, extent);
      const partEnd = extentEnd < to ? extentEnd : to;
      const status = statuses[extent];
      if (SEVERITY[status] > severity) severity = SEVERITY[status];
      if (status === FINISHED) good += partEnd - at;
      at = partEnd;
      if (at === extentEnd) extent++;
    }
    worst[cell] = BY_SEVERITY[severity];
    finished[cell] = share(good, to - from);
  }
  return { start, end, worst, finished };
}

/** The first byte of a cell, or the end for the cell behind the last. */
export function cellStart({ start, end, worst }: CoarseMap, cell: number): number {
  return cellBoundary(start, end, worst.length, cell);
}

/** As `cellStart`, by numbers alone. */
export function cellBoundary(start: number, end: number, cells: number, cell: number): number {
  return cell === cells ? end : start + Math.floor((end - start) * cell / cells);
}

function share(part: number, whole: number): number {
  if (part === 0) return 0;
  if (part === whole) return ALL_FINISHED;
  return Math.min(Math.max(Math.round(part / whole * ALL_FINISHED), 1), ALL_FINISHED - 1);
}
