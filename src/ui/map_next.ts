// What a rescue would do next with a map: ddrescue's phases, as far as there is work for them. Pure.

import { formatSize } from "../base/sizes.ts";
import {
  BAD_SECTOR,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Phase,
  type Status,
} from "../map/statuses.ts";
import { PHASE_NAMES } from "./map_look.ts";
import type { MapSummary } from "./map_summary.ts";

/** One phase's work. */
export interface NextPhase {
  readonly phase: string;
  /** Bytes and areas that it would deal with. */
  readonly bytes: number;
  readonly areas: number;
  /** Most reads that it takes when each sector is read alone; undefined where many are read at once. */
  readonly reads: number | undefined;
}

/** Each phase with the status that it works on, and how, in the order in which they follow each other. */
const PHASES: readonly (readonly [Phase, Status, how: (reads: number) => string])[] = [
  ["?", NON_TRIED, () => "not tried yet, in large reads"],
  ["*", NON_TRIMMED, (reads) => `up to ${counted(reads, "read")} from their ends`],
  ["/", NON_SCRAPED, (reads) => `${counted(reads, "read")} of a sector`],
  ["-", BAD_SECTOR, (reads) => `${counted(reads, "read")} of a sector, once more`],
];

/** The phases that have something to do, the next one first. */
export function nextPhases({ totals, counts }: MapSummary, sectorSize: number): NextPhase[] {
  return PHASES.filter(([, status]) => totals[status] > 0).map(([phase, status]) => ({
    phase: PHASE_NAMES[phase],
    bytes: totals[status],
    areas: counts[status],
    reads: status === NON_TRIED ? undefined : Math.ceil(totals[status] / sectorSize),
  }));
}

/** The same as lines. */
export function nextLines(summary: MapSummary, sectorSize: number): string[] {
  if (summary.size === 0) return [];
  const next = nextPhases(summary, sectorSize);
  if (next.length === 0) return ["All of it is finished: nothing is left to read."];
  return next.map(({ phase, bytes, areas, reads }, index) => {
    const how = PHASES.find(([name]) => PHASE_NAMES[name] === phase)![2](reads ?? 0);
    return `${index === 0 ? "Next" : "then"}  ${phase.padEnd(8)}  ` +
      `${formatSize(bytes)} in ${counted(areas, "area")}: ${how}`;
  });
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
