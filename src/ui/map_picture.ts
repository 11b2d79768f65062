// A map as a few lines of text. Pure.

import { formatSize } from "../base/sizes.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Status,
  statusChar,
} from "../map/statuses.ts";

/** A stretch of one status, bytes, half-open. */
export interface Area {
  readonly start: number;
  readonly end: number;
  readonly status: Status;
}

/** From good to bad: a cell shows the last of these that is in it. */
const BY_SEVERITY: readonly Status[] = [FINISHED, NON_TRIED, NON_TRIMMED, NON_SCRAPED, BAD_SECTOR];
const SMALLEST_CELL = 512;

/**
 * Rows of cells with the offset before each row; a cell is an equal part of [0, size) and shows the worst
 * status that is in it, as the character of the mapfile. A small device has fewer cells.
 * @param areas ascending, touching, all of [0, size).
 */
export function mapPicture(
  areas: Iterable<Area>,
  size: number,
  { cellsPerRow, rows }: { cellsPerRow: number; rows: number },
): string[] {
  const count = Math.min(cellsPerRow * rows, Math.ceil(size / SMALLEST_CELL));
  const severities = new Uint8Array(count);
  for (const { start, end, status } of areas) {
    if (end <= start) continue;
    const severity = BY_SEVERITY.indexOf(status);
    const last = cellAt(end - 1, size, count);
    for (let cell = cellAt(start, size, count); cell <= last; cell++) {
      severities[cell] = Math.max(severities[cell], severity);
    }
  }
  const cells = Array.from(severities, (severity) => statusChar(BY_SEVERITY[severity])).join("");
  const lines: [offset: string, cells: string][] = [];
  for (let cell = 0; cell < count; cell += cellsPerRow) {
    lines.push([formatSize(cell * size / count), cells.slice(cell, cell + cellsPerRow)]);
  }
  const width = Math.max(0, ...lines.map(([offset]) => offset.length));
  return lines.map(([offset, row]) => `${offset.padStart(width)}  ${row}`);
}

function cellAt(offset: number, size: number, count: number): number {
  // The division may round up at the very end.
  return Math.min(count - 1, Math.floor(offset / size * count));
}
