// A mapfile as the JSON object that `map --json` prints: what scripts parse, so keys only ever get more.

import { totalsRecord } from "./event_record.ts";
import { PHASE_NAMES } from "./map_look.ts";
import { nextPhases } from "./map_next.ts";
import { MOST_HOLES, sectorSizeOf } from "./map_report.ts";
import type { MapSubject } from "./map_subject.ts";
import { summarizeMap } from "./map_summary.ts";

/** The report as one JSON object. */
export function mapRecord({ mapfile, path, view, range, domainPath }: MapSubject): object {
  const { phase, pass, position } = mapfile;
  const summary = summarizeMap(view, MOST_HOLES);
  const area = ({ start, end }: { start: number; end: number }) => ({
    offset: start,
    length: end - start,
  });
  return {
    mapfile: path,
    size: mapfile.size,
    range: range ? area(range) : null,
    domain: domainPath ?? null,
    phase: PHASE_NAMES[phase],
    pass,
    position,
    totals: totalsRecord(summary.totals),
    areas: totalsRecord(summary.counts),
    holes: summary.holeCount,
    largestHoles: summary.largestHoles.map(area),
    next: nextPhases(summary, sectorSizeOf(mapfile)),
  };
}
