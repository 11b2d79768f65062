// Collects figures and prints them as Markdown tables of medians.

import type { Figure, Row } from "./rows.ts";
import { BEFORE } from "./servers.ts";

/** All figures of one table. */
export class Measurements {
  readonly #title: string;
  readonly #rows: readonly Row[];
  readonly #columns: readonly string[];
  readonly #figures = new Map<string, Figure[]>();

  /** @param columns names of the servers; the first is the one that the others are compared with. */
  constructor(title: string, rows: readonly Row[], columns: readonly string[]) {
    this.#title = title;
    this.#rows = rows;
    this.#columns = columns;
  }

  add(row: Row, column: string, figure: Figure): void {
    const key = keyOf(row, column);
    const figures = this.#figures.get(key);
    if (figures) figures.push(figure);
    else this.#figures.set(key, [figure]);
  }

  /** Median of a cell; undefined when it was not measured. */
  median(row: Row, column: string): number | undefined {
    return median(this.#of(row, column).map(({ value }) => value));
  }

  #medianCpu(row: Row, column: string): number | undefined {
    const figures = this.#of(row, column).map(({ cpuMicroseconds }) => cpuMicroseconds);
    return median(figures.filter((figure) => figure !== undefined));
  }

  #of(row: Row, column: string): readonly Figure[] {
    return this.#figures.get(keyOf(row, column)) ?? [];
  }

  /** The tables: the figures, and the processor time for a request where that was measured. */
  markdown(): string {
    const [first, ...others] = this.#columns;
    const peers = others.filter((column) => column !== BEFORE);
    const hasBefore = peers.length < others.length;
    const lines = this.#rows.map((row) => {
      const best = this.#best(row, peers);
      return [
        `${row.title} (${row.unit})`,
        ...this.#columns.map((column) => formatted(this.median(row, column))),
        best === undefined ? "" : `${this.#ratio(row, first, best)} ${best}`,
        ...hasBefore ? [this.#ratio(row, first, BEFORE)] : [],
      ];
    });
    const cpu = this.#rows.filter((row) => this.#medianCpu(row, first) !== undefined)
      .map((row) => [
        row.title,
        ...this.#columns.map((column) => formatted(this.#medianCpu(row, column))),
      ]);
    const compared = ["times as good as the best other", ...hasBefore ? ["as before"] : []];
    const tables = [markdownTable([this.#title, ...this.#columns, ...compared], lines)];
    if (cpu.length > 0) {
      tables.push(
        markdownTable([`${this.#title}: server's CPU, us a request`, ...this.#columns], cpu),
      );
    }
    return tables.join("\n");
  }

  /** Everything, for machines. */
  record(): unknown[] {
    return this.#rows.flatMap((row) =>
      this.#columns.flatMap((server) => {
        const figures = this.#of(row, server);
        return figures.length === 0 ? [] : [{ row: row.key, unit: row.unit, server, figures }];
      })
    );
  }

  #best(row: Row, columns: readonly string[]): string | undefined {
    const sign = row.moreIsBetter ? 1 : -1;
    let best: string | undefined;
    let bestValue = -Infinity;
    for (const column of columns) {
      const value = this.median(row, column);
      if (value === undefined || value * sign <= bestValue) continue;
      best = column;
      bestValue = value * sign;
    }
    return best;
  }

  #ratio(row: Row, column: string, other: string): string {
    const mine = this.median(row, column);
    const its = this.median(row, other);
    if (mine === undefined || its === undefined) return "-";
    return (row.moreIsBetter ? mine / its : its / mine).toFixed(2);
  }
}

function keyOf(row: Row, column: string): string {
  return `${row.key} ${column}`;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three digits that matter. */
function formatted(value: number | undefined): string {
  if (value === undefined) return "-";
  if (value >= 1000) return String(Number(value.toPrecision(3))).replace(/\B(?=(\d{3})+$)/g, ",");
  return String(Number(value.toPrecision(3)));
}

/** A Markdown table. */
export function markdownTable(
  head: readonly string[],
  lines: readonly (readonly string[])[],
): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const rule = row(head.map((_, index) => index === 0 ? "---" : "--:"));
  return row(head) + rule + lines.map(row).join("");
}
