// Text for a screen: aligned columns, and paragraphs.
import { columnsOf } from "./columns.ts";

/** Columns whose cells are numbers or sizes read better from the right. */
export type Alignment = "left" | "right";

/** Rows as lines of aligned columns, two spaces apart. */
export function textTable(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
): string[] {
  const widths = alignments.map((_, i) => Math.max(...rows.map((row) => columnsOf(row[i] ?? ""))));
  return rows.map((row) =>
    alignments.map((alignment, i) => {
      const cell = row[i] ?? "";
      const blanks = " ".repeat(widths[i]! - columnsOf(cell));
      return alignment === "right" ? blanks + cell : cell + blanks;
    }).join("  ").trimEnd()
  );
}

/** `text` in lines of at most `width` columns, broken at blanks; a longer word stays whole. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && columnsOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
