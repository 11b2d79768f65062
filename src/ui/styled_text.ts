// Text with colours, and the only place where escape sequences for them are made.

import { printable } from "../base/printable.ts";
import { columnsOf, firstColumns } from "./columns.ts";

/** The colours that every terminal has; what they look like is the user's choice. */
const CODES = {
  red: 1,
  green: 2,
  yellow: 3,
  magenta: 5,
  cyan: 6,
  // "Bright black": of the eight plain ones none is a grey.
  grey: 60,
} as const;

export type Color = keyof typeof CODES;

/** A piece of a line in one style. */
export interface Span {
  readonly text: string;
  readonly color?: Color | undefined;
  readonly background?: Color | undefined;
  readonly bold?: boolean;
}

/** A line for the terminal: plain, or of pieces. */
export type Line = string | readonly Span[];

/** The pieces of a line. */
export function spansOf(line: Line): readonly Span[] {
  return typeof line === "string" ? [{ text: line }] : line;
}

/** Columns that a line takes: a label of a disc may have wide characters. */
export function lineWidth(line: Line): number {
  return spansOf(line).reduce((width, { text }) => width + columnsOf(printable(text)), 0);
}

/** The first `width` columns of a line. */
export function cutLine(line: Line, width: number): Line {
  const spans: Span[] = [];
  let left = width;
  for (const span of spansOf(line)) {
    const text = firstColumns(printable(span.text), left);
    if (text !== "") spans.push({ ...span, text });
    left -= columnsOf(text);
  }
  return spans;
}

/** The line as the terminal gets it, without foreign control characters. */
export function painted(line: Line, colors: boolean): string {
  return spansOf(line).map((span) => paintedSpan(span, colors)).join("");
}

function paintedSpan({ text, color, background, bold }: Span, colors: boolean): string {
  const safe = printable(text);
  const codes = [
    ...bold ? [1] : [],
    ...color ? [30 + CODES[color]] : [],
    ...background ? [40 + CODES[background]] : [],
  ];
  return colors && codes.length > 0 ? `\x1b[${codes.join(";")}m${safe}\x1b[0m` : safe;
}
