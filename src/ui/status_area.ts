// Lines at the end of a terminal's output that are rewritten in place. Makes the text; writes nothing.

import { cutLine, type Line, lineWidth, painted } from "./styled_text.ts";

const CLEAR_TO_END_OF_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/**
 * The lines that are shown now. The cursor waits before its last line: a ^C that the terminal echoes behind a line
 * as wide as the window would begin a new row.
 */
export class StatusArea {
  #text = "";
  /** Of the terminal when it was drawn. */
  #columns = 0;
  /** Widths of its lines. */
  #widths: readonly number[] = [];

  get isEmpty(): boolean {
    return this.#widths.length === 0;
  }

  /**
   * What rewrites the area with `lines` on a terminal that is `columns` wide now; "" when nothing changes.
   * Lines are cut so that the last column stays free: some terminals wrap as soon as it is written.
   */
  draw(lines: readonly Line[], columns: number, colors: boolean): string {
    const cut = lines.map((line) => cutLine(line, Math.max(1, columns - 1)));
    const text = cut.map((line) => painted(line, colors) + CLEAR_TO_END_OF_LINE).join("\r\n");
    if (text === this.#text && columns === this.#columns) return "";
    // A terminal that has wrapped lines remembers which rows belong together until they are erased.
    const erased = columns === this.#columns ? "" : CLEAR_BELOW;
    const rewritten = this.#toStart(columns) + erased + text + CLEAR_BELOW + "\r";
    this.#text = text;
    this.#columns = columns;
    this.#widths = cut.map(lineWidth);
    return rewritten;
  }

  /** What takes the area away until `redraw`. */
  clear(columns: number): string {
    return this.isEmpty ? "" : this.#toStart(columns) + CLEAR_BELOW;
  }

  /** What puts it back after `clear`. */
  redraw(): string {
    return this.#text + "\r";
  }

  /** As `clear`, for good. */
  remove(columns: number): string {
    const cleared = this.clear(columns);
    this.#text = "";
    this.#widths = [];
    return cleared;
  }

  /** From the last line to the first. A terminal that has become narrower has wrapped those between. */
  #toStart(columns: number): string {
    const rows = this.#widths.slice(0, -1).map((width) => Math.max(1, Math.ceil(width / columns)));
    const up = rows.reduce((sum, count) => sum + count, 0);
    return up > 0 ? `\r\x1b[${up}A` : "\r";
  }
}
