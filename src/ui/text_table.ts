// Aligned columns.

/** Columns whose cells are numbers or sizes read better from the right. */
export type Alignment = "left" | "right";

/**
 * Rows as lines of aligned columns, two spaces apart. What does not fit into `width` is cut from the
 * last column.
 */
export function textTable(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
  width = Infinity,
): string[] {
  const widths = alignments.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  return rows.map((row) =>
    alignments.map((alignment, i) => {
      const cell = row[i] ?? "";
      return alignment === "right" ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
    }).join("  ").trimEnd().slice(0, width)
  );
}
