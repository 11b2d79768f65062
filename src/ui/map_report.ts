// A mapfile as text or JSON: totals, the largest holes, a picture. Pure.

import { formatSize } from "../base/sizes.ts";
import type { Mapfile } from "../map/mapfile.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Phase,
  type Status,
  statusChar,
} from "../map/statuses.ts";
import { exactSize } from "./exact_size.ts";
import { totalsRecord } from "./event_record.ts";
import { type Area, mapPicture } from "./map_picture.ts";
import { type MapSummary, summarizeMap } from "./map_summary.ts";
import { formatPercent } from "./percent.ts";
import { textTable } from "./text_table.ts";

const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  "?": "copying",
  "*": "trimming",
  "%": "sweeping",
  "/": "scraping",
  "-": "retrying",
  "F": "filling",
  "G": "generating",
  "+": "finished",
};
const STATUS_NAMES: readonly (readonly [Status, string])[] = [
  [FINISHED, "finished"],
  [NON_TRIED, "non-tried"],
  [NON_TRIMMED, "non-trimmed"],
  [NON_SCRAPED, "non-scraped"],
  [BAD_SECTOR, "bad sector"],
];
const MOST_HOLES = 5;
const ROWS = 4;
const MOST_CELLS_PER_ROW = 64;
/** The widest offset before a row, and its blanks. */
const OFFSET_COLUMNS = 12;

/** The report for a terminal of `columns`. */
export function mapReport(mapfile: Mapfile, path: string, columns: number): string[] {
  const { size, phase, pass, position } = mapfile;
  const summary = summarizeMap(areasOf(mapfile), MOST_HOLES);
  const cellsPerRow = Math.max(1, Math.min(MOST_CELLS_PER_ROW, columns - OFFSET_COLUMNS));
  const picture = mapPicture(areasOf(mapfile), size, { cellsPerRow, rows: ROWS });
  return [
    `${path}: ${exactSize(size)}, ${PHASE_NAMES[phase]}, pass ${pass}, ` +
    `at ${position}`,
    "",
    ...totalsTable(summary, size),
    ...holesTable(summary),
    ...(picture.length > 0 ? ["", ...legend(size, cellsPerRow), ...picture] : []),
  ];
}

/** The report as one JSON object. */
export function mapRecord(mapfile: Mapfile, path: string): object {
  const { size, phase, pass, position } = mapfile;
  const { totals, counts, holeCount, largestHoles } = summarizeMap(areasOf(mapfile), MOST_HOLES);
  return {
    mapfile: path,
    size,
    phase: PHASE_NAMES[phase],
    pass,
    position,
    totals: totalsRecord(totals),
    areas: totalsRecord(counts),
    holes: holeCount,
    largestHoles: largestHoles.map(({ start, end }) => ({ offset: start, length: end - start })),
  };
}

/** What the mapfile does not speak of, before its first block, has not been tried. */
function* areasOf({ positions, statuses, size }: Mapfile): Generator<Area> {
  if (positions.length > 0 && positions[0] > 0) {
    yield { start: 0, end: positions[0], status: NON_TRIED };
  }
  for (let i = 0; i < positions.length; i++) {
    const end = i + 1 < positions.length ? positions[i + 1] : size;
    yield { start: positions[i], end, status: statuses[i] };
  }
}

function totalsTable({ totals, counts }: MapSummary, size: number): string[] {
  const rows = STATUS_NAMES.map(([status, name]) => [
    `${statusChar(status)} ${name}`,
    formatSize(totals[status]),
    formatPercent(totals[status], size),
    String(counts[status]),
  ]);
  return textTable([["STATUS", "SIZE", "SHARE", "AREAS"], ...rows], [
    "left",
    "right",
    "right",
    "right",
  ]);
}

function holesTable({ holeCount, largestHoles }: MapSummary): string[] {
  if (holeCount === 0) return [];
  const title = holeCount === 1
    ? "1 hole (without data):"
    : `${holeCount} holes (without data), ${holeCount > MOST_HOLES ? "the largest" : "by size"}:`;
  const rows = largestHoles.map(({ start, end }) => [
    String(start),
    String(end - start),
    formatSize(end - start),
  ]);
  return [
    "",
    title,
    ...textTable([["OFFSET", "BYTES", "SIZE"], ...rows], ["right", "right", "right"]),
  ];
}

function legend(size: number, cellsPerRow: number): string[] {
  const cell = Math.max(size / (cellsPerRow * ROWS), Math.min(size, 512));
  return [`Each character is ${formatSize(cell)} and shows the worst in it:`];
}
