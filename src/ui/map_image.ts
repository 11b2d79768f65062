// A map as a picture file, PNG or SVG: rows of square cells, each as bad as the worst in it. Pure.

import { formatSize } from "../base/sizes.ts";
import { type CoarseMap, coarsen } from "../map/coarse_map.ts";
import type { MapView } from "../map/map_view.ts";
import { lookAt, LOOKS, PARTLY, STATUSES } from "./map_look.ts";
import type { MapSubject } from "./map_subject.ts";
import { summarizeMap } from "./map_summary.ts";
import { formatPercent } from "./shares.ts";
import { encodePng } from "./png.ts";

const CELLS_PER_ROW = 128;
const MOST_ROWS = 64;
const SMALLEST_CELL = 512;
/** Pixels. */
const CELL = 8;
const MARGIN = 16;
const LINE = 20;
const LEGEND_COLUMN = 256;

const BACKGROUND = "#1b2026";
const TEXT = "#d7dde4";

interface Grid {
  readonly cells: CoarseMap;
  readonly columns: number;
  readonly rows: number;
}

/** The map alone: a pixel is a look's number. */
export function mapPng({ view }: MapSubject): Promise<Uint8Array<ArrayBuffer>> {
  const { cells, columns, rows } = gridOf(view);
  const width = columns * CELL;
  const pixels = new Uint8Array(width * rows * CELL).fill(LOOKS.length);
  for (let cell = 0; cell < cells.worst.length; cell++) {
    const left = cell % columns * CELL;
    const top = Math.floor(cell / columns) * CELL;
    for (let row = top; row < top + CELL; row++) {
      pixels.fill(lookAt(cells, cell), row * width + left, row * width + left + CELL);
    }
  }
  // Where there are no cells, in the last row, the background is seen.
  const palette = [...LOOKS.map(({ rgb }) => rgb), BACKGROUND];
  return encodePng({ width, height: rows * CELL, pixels, palette });
}

/** The map with its name, its totals and a legend. */
export function mapSvg(subject: MapSubject): string {
  const { view, path, range } = subject;
  const grid = gridOf(view);
  const summary = summarizeMap(view, 0);
  const legend = [...STATUSES, PARTLY].map((look, index) => {
    const share = look === PARTLY
      ? ""
      : `: ${formatSize(summary.totals[look])}, ${
        formatPercent(summary.totals[look], summary.size)
      }`;
    const x = MARGIN + index % 4 * LEGEND_COLUMN;
    const y = MARGIN + LINE * (1.5 + Math.floor(index / 4));
    return `<rect x="${x}" y="${y}" width="12" height="12" fill="${LOOKS[look].rgb}"/>` +
      text(x + 18, y + 11, LOOKS[look].name + share);
  });
  const part = range ? `, ${range.start} to ${range.end}` : "";
  const mapTop = MARGIN + LINE * 4;
  const width = 2 * MARGIN + CELLS_PER_ROW * CELL;
  const height = mapTop + grid.rows * CELL + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<title>${escaped(path)}</title>`,
    `<rect width="${width}" height="${height}" fill="${BACKGROUND}"/>`,
    text(MARGIN, MARGIN + 12, `${path}: ${formatSize(subject.mapfile.size)}${part}`),
    ...legend,
    `<g transform="translate(${MARGIN} ${mapTop}) scale(${CELL})" shape-rendering="crispEdges">`,
    ...stripes(grid),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Whether `bytes` begin as a picture of `mapSvg` does. */
export function isSvg(bytes: Uint8Array): boolean {
  return /^\s*(<\?xml[^>]*>\s*)?<svg\b/.test(new TextDecoder().decode(bytes.subarray(0, 256)));
}

function gridOf(view: MapView): Grid {
  const size = view.end - view.start;
  const most = Math.max(1, Math.ceil(size / SMALLEST_CELL));
  const cells = coarsen(view, Math.min(CELLS_PER_ROW * MOST_ROWS, most));
  const count = Math.max(1, cells.worst.length);
  const columns = Math.min(CELLS_PER_ROW, count);
  return { cells, columns, rows: Math.ceil(count / columns) };
}

/** A rectangle for each stretch of equal cells in a row. */
function* stripes({ cells, columns }: Grid): Generator<string> {
  const count = cells.worst.length;
  for (let first = 0; first < count;) {
    const row = Math.floor(first / columns);
    const look = lookAt(cells, first);
    let end = first + 1;
    while (end < Math.min(count, (row + 1) * columns) && lookAt(cells, end) === look) end++;
    yield `<rect x="${first % columns}" y="${row}" width="${end - first}" height="1" ` +
      `fill="${LOOKS[look].rgb}"/>`;
    first = end;
  }
}

function text(x: number, y: number, content: string): string {
  return `<text x="${x}" y="${y}" fill="${TEXT}">${escaped(content)}</text>`;
}

/** Control characters are not allowed in XML at all. */
function escaped(content: string): string {
  // deno-lint-ignore no-control-regex
  return content.replace(/[\x00-\x1f\x7f]/g, "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
