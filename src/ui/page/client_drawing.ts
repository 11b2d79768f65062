// Draws in the browser. These functions are sent as text (see page_document.ts): they use their arguments,
// each other and nothing else.

import type { Drawing } from "./browser.ts";
import type { RatePoint } from "./rate_history.ts";

/** Where the cells of a map are, in CSS pixels. */
export interface MapLayout {
  readonly columns: number;
  /** Side of a cell with the gap behind it. */
  readonly pitch: number;
  /** Side of the drawn part of it. */
  readonly side: number;
}

/** Draws the cells in their colours, and a frame around the chosen ones, [from, to]. */
export function drawMap(
  drawing: Drawing,
  cells: string,
  { columns, pitch, side }: MapLayout,
  colors: readonly string[],
  chosen: readonly [from: number, to: number] | undefined,
): void {
  const rows = Math.ceil(cells.length / columns);
  drawing.clearRect(0, 0, columns * pitch, rows * pitch);
  for (let cell = 0; cell < cells.length; cell++) {
    const x = cell % columns * pitch;
    const y = Math.floor(cell / columns) * pitch;
    drawing.fillStyle = colors[Number(cells[cell])]!;
    drawing.fillRect(x, y, side, side);
  }
  if (chosen === undefined) return;
  drawing.strokeStyle = "#ffffff";
  drawing.lineWidth = 1;
  for (let cell = chosen[0]; cell <= chosen[1] && cell < cells.length; cell++) {
    const x = cell % columns * pitch;
    const y = Math.floor(cell / columns) * pitch;
    drawing.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
  }
}

/** The cell at a point, or -1 beside them. */
export function cellAt(
  x: number,
  y: number,
  count: number,
  { columns, pitch }: MapLayout,
): number {
  const column = Math.floor(x / pitch);
  const cell = Math.floor(y / pitch) * columns + column;
  return column < 0 || column >= columns || cell < 0 || cell >= count ? -1 : cell;
}

/** The part that is seen after a zoom by `factor` around `center`: whole sectors, at least 64, in [0, size). */
export function zoomed(
  center: number,
  span: number,
  factor: number,
  size: number,
): readonly [start: number, end: number] {
  const sector = 512;
  const length = Math.min(size, Math.max(64 * sector, Math.round(span * factor / sector) * sector));
  const start = Math.round((center - length / 2) / sector) * sector;
  const inside = Math.max(0, Math.min(start, size - length));
  return [inside, inside + length];
}

/** Draws the rate over time as an area under a line, with the highest rate and the length of time. */
export function drawPlot(
  drawing: Drawing,
  width: number,
  height: number,
  points: readonly RatePoint[],
  highestText: string,
  timeText: string,
): void {
  const top = 18;
  const bottom = height - 18;
  drawing.clearRect(0, 0, width, height);
  drawing.strokeStyle = "#39424d";
  drawing.lineWidth = 1;
  drawing.beginPath();
  for (const y of [top, (top + bottom) / 2, bottom]) {
    drawing.moveTo(0, Math.round(y) + 0.5);
    drawing.lineTo(width, Math.round(y) + 0.5);
  }
  drawing.stroke();
  drawing.fillStyle = "#9aa5b1";
  drawing.font = "12px sans-serif";
  drawing.textAlign = "left";
  drawing.fillText(highestText, 2, top - 5);
  drawing.fillText("0", 2, height - 4);
  drawing.textAlign = "right";
  drawing.fillText(timeText, width - 2, height - 4);
  if (points.length === 0) return;
  const endMs = points[points.length - 1]![0];
  const highest = points.reduce((most, [, rate]) => Math.max(most, rate), 0) || 1;
  const x = (ms: number) => ms / endMs * width;
  const y = (rate: number) => bottom - rate / highest * (bottom - top);
  // A point is the average of the time before it: a step.
  const trace = () => {
    drawing.moveTo(0, y(points[0]![1]));
    points.forEach(([ms, rate], index) => {
      drawing.lineTo(index === 0 ? 0 : x(points[index - 1]![0]), y(rate));
      drawing.lineTo(x(ms), y(rate));
    });
  };
  drawing.fillStyle = "#5b9bd533";
  drawing.beginPath();
  trace();
  drawing.lineTo(width, bottom);
  drawing.lineTo(0, bottom);
  drawing.fill();
  drawing.strokeStyle = "#5b9bd5";
  drawing.lineWidth = 1.5;
  drawing.beginPath();
  trace();
  drawing.stroke();
}
