// Events as the JSON objects that `--json` prints: what scripts parse, so keys only ever get more.

import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Status,
} from "../map/statuses.ts";
import type { Progress, ServerEvent } from "../server/events.ts";
import type { LogLevel } from "./log_level.ts";
import { PHASE_NAMES } from "./map_look.ts";

/** Keys of totals by status, in every JSON object that has totals. */
export const STATUS_KEYS: readonly (readonly [Status, string])[] = [
  [FINISHED, "finished"],
  [NON_TRIED, "nonTried"],
  [NON_TRIMMED, "nonTrimmed"],
  [NON_SCRAPED, "nonScraped"],
  [BAD_SECTOR, "badSector"],
];

/** Bytes by status as a JSON object with one key a status. */
export function totalsRecord(totals: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(STATUS_KEYS.map(([status, key]) => [key, totals[status] ?? 0]));
}

/** The object to print for `event`. */
export function eventRecord(event: ServerEvent): object {
  if (!("progress" in event) || event.progress === undefined) return event;
  const { progress, ...rest } = event;
  return { ...rest, ...progressRecord(progress) };
}

/** From which log level on an event is printed; the frame of a run always is. */
export function eventLevel({ event }: ServerEvent): LogLevel {
  if (event === "ready" || event === "medium" || event === "done") return "error";
  return event === "warning" || event === "debug" ? event : "info";
}

function progressRecord(progress: Progress): object {
  const { totals, phase, mapVersion: _version, picture: _picture, ...counters } = progress;
  return { ...counters, phase: phase && PHASE_NAMES[phase], totals: totalsRecord(totals) };
}
