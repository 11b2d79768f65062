// A mapfile as text: totals that are also the legend, the largest holes, the next steps, a picture. No I/O.

import { exactSize, formatSize } from "../base/sizes.ts";
import { alignDown, clamp } from "../base/ranges.ts";
import { coarsen } from "../map/coarse_map.ts";
import type { Mapfile } from "../map/mapfile.ts";
import { LOOKS, PARTLY, PHASE_NAMES, STATUSES } from "./map_look.ts";
import { nextLines } from "./map_next.ts";
import { mapPicture, OFFSET_COLUMNS, rowsPerLine, swatch } from "./map_picture.ts";
import type { MapSubject } from "./map_subject.ts";
import { type MapSummary, summarizeMap } from "./map_summary.ts";
import { formatPercent } from "./shares.ts";
import type { Line } from "./styled_text.ts";
import type { Canvas } from "./terminal.ts";
import { textTable } from "./text_layout.ts";

/** How many of the largest holes are listed. */
export const MOST_HOLES = 5;
/** Cells are never smaller than the least that is read at once. */
const SMALLEST_CELL = 512;
const MOST_CELLS_PER_ROW = 128;
const LEAST_LINES = 4;
const MOST_LINES = 24;

/** The report for a terminal. Longer than its window, if it must be. */
export function mapReport(subject: MapSubject, canvas: Canvas): Line[] {
  const summary = summarizeMap(subject.view, MOST_HOLES);
  const text: Line[] = [
    ...heading(subject, summary),
    "",
    ...totalsTable(summary, canvas),
    ...holesTable(summary),
    ...withGap(nextLines(summary, sectorSizeOf(subject.mapfile))),
  ];
  // A gap, the sentence over the picture and the prompt below it are lines too.
  const lines = clamp(canvas.rows - text.length - 3, LEAST_LINES, MOST_LINES);
  return [...text, ...withGap(picture(subject, canvas, lines))];
}

/** Bytes; as blkcache has noted it in the mapfile, else the usual. */
export function sectorSizeOf({ settings }: Mapfile): number {
  const noted = Number(settings.get("sector-size"));
  return Number.isSafeInteger(noted) && noted > 0 ? noted : 512;
}

function heading({ mapfile, path, range, domainPath }: MapSubject, summary: MapSummary): string[] {
  const { size, phase, pass, position } = mapfile;
  const shown = range &&
    `shown: ${range.start} to ${range.end}, ${formatSize(range.end - range.start)}`;
  const domain = domainPath &&
    `domain: what is finished in ${domainPath}, ${exactSize(summary.size)}`;
  return [
    `${path}: ${exactSize(size)}, ${PHASE_NAMES[phase]}, pass ${pass}, at ${position}`,
    ...shown ? [shown] : [],
    ...domain ? [domain] : [],
  ];
}

function totalsTable({ totals, counts, size }: MapSummary, canvas: Canvas): Line[] {
  const rows = STATUSES.map((status) => [
    LOOKS[status].name,
    formatSize(totals[status]),
    formatPercent(totals[status], size),
    String(counts[status]),
  ]);
  const [titles, ...lines] = textTable([["STATUS", "SIZE", "SHARE", "AREAS"], ...rows], [
    "left",
    "right",
    "right",
    "right",
  ]);
  const keyed = lines.map((line, index) => [swatch(STATUSES[index], canvas), { text: ` ${line}` }]);
  return [`  ${titles}`, ...keyed];
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

function picture({ view, domainPath }: MapSubject, canvas: Canvas, lines: number): Line[] {
  const size = view.end - view.start;
  if (size === 0) return [];
  const cellsPerRow = clamp(alignDown(canvas.columns - OFFSET_COLUMNS, 8), 8, MOST_CELLS_PER_ROW);
  const most = cellsPerRow * lines * rowsPerLine(canvas);
  const cells = coarsen(view, Math.min(most, Math.ceil(size / SMALLEST_CELL)));
  const cell = formatSize(size / cells.worst.length);
  const kind = canvas.colors ? "cell" : "character";
  const partly = canvas.colors
    ? [{ text: "; " }, swatch(PARTLY, canvas), { text: " is partly finished" }]
    : [];
  const outside = domainPath ? [{ text: ", blank is outside of the domain" }] : [];
  return [
    [{ text: `Each ${kind} is ${cell} and shows the worst in it` }, ...partly, ...outside, {
      text: ":",
    }],
    ...mapPicture(cells, cellsPerRow, canvas),
  ];
}

function withGap<T extends Line>(lines: readonly T[]): (T | string)[] {
  return lines.length > 0 ? ["", ...lines] : [];
}
