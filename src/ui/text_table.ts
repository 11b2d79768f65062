// Aligned columns.
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
