// A map as a few lines of text, in colours where there are any. Pure.

import { formatSize } from "../base/sizes.ts";
import { cellStart, type CoarseMap } from "../map/coarse_map.ts";
import { lookAt, LOOKS } from "./map_look.ts";
import type { Line, Span } from "./styled_text.ts";
import type { Canvas } from "./terminal.ts";

/** Half of a character is a cell of its own: the upper or left one in its colour, the other behind it. */
const UPPER_HALF = "▀";
const LEFT_HALF = "▌";
const FULL = "█";
/** Columns before a row: the longest size and two blanks. */
export const OFFSET_COLUMNS = 12;

type Paint = Pick<Canvas, "colors" | "unicode">;

/** How many rows of cells a line of `mapPicture` shows. */
export function rowsPerLine({ colors, unicode }: Paint): number {
  return colors && unicode ? 2 : 1;
}

/**
 * Rows of `cellsPerRow` cells, with the offset before each line. In colours a line has two rows where the
 * terminal knows half blocks; without, cells are the characters of the mapfile.
 */
export function mapPicture(cells: CoarseMap, cellsPerRow: number, paint: Paint): Line[] {
  const count = cells.worst.length;
  const rows = rowsPerLine(paint);
  const lines: { offset: string; spans: Span[] }[] = [];
  for (let first = 0; first < count; first += rows * cellsPerRow) {
    const width = Math.min(cellsPerRow, count - first);
    const spans = merged(
      Array.from({ length: width }, (_, column) => {
        const upper = first + column;
        const lower = upper + cellsPerRow;
        if (rows === 1) return oneCell(cells, upper, paint);
        return twoCells(cells, upper, lower < count ? lower : undefined, UPPER_HALF);
      }),
    );
    lines.push({ offset: formatSize(cellStart(cells, first)), spans });
  }
  const width = Math.max(0, ...lines.map(({ offset }) => offset.length));
  return lines.map(({ offset, spans }) => [{ text: `${offset.padStart(width)}  ` }, ...spans]);
}

/** How many cells `mapBar` shows in `columns`. */
export function barCells(columns: number, { colors, unicode }: Paint): number {
  return colors && unicode ? 2 * columns : columns;
}

/** One line of cells, as many as `barCells` says; a map with fewer bytes than that is shown wider. */
export function mapBar(cells: CoarseMap, columns: number, paint: Paint): Span[] {
  const shown = barCells(columns, paint);
  const cellAt = (place: number) => Math.floor(place * cells.worst.length / shown);
  if (cells.worst.length === 0) return [];
  return merged(
    Array.from(
      { length: columns },
      (_, column) =>
        shown > columns
          ? twoCells(cells, cellAt(2 * column), cellAt(2 * column + 1), LEFT_HALF)
          : oneCell(cells, cellAt(column), paint),
    ),
  );
}

/** A sample of a look, for legends. */
export function swatch(look: number, { colors, unicode }: Paint): Span {
  const { color, character } = LOOKS[look];
  if (!colors || color === undefined) return { text: character };
  return unicode ? { text: FULL, color } : { text: " ", background: color };
}

function oneCell(cells: CoarseMap, cell: number, { colors }: Paint): Span {
  const { color, character } = LOOKS[lookAt(cells, cell)];
  return colors ? { text: " ", background: color } : { text: character };
}

/** @param second undefined: there is no such cell. */
function twoCells(cells: CoarseMap, first: number, second: number | undefined, half: string): Span {
  const color = LOOKS[lookAt(cells, first)].color;
  const background = second === undefined ? undefined : LOOKS[lookAt(cells, second)].color;
  if (color === background && color !== undefined) return { text: FULL, color };
  if (color !== undefined) return { text: half, color, background };
  // Nothing is drawn where the half block is: the other half is left.
  if (background === undefined) return { text: " " };
  return { text: half === UPPER_HALF ? "▄" : "▐", color: background };
}

/** Neighbours in one style become one piece. */
function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    if (last && last.color === span.color && last.background === span.background) {
      result[result.length - 1] = { ...last, text: last.text + span.text };
    } else result.push(span);
  }
  return result;
}
