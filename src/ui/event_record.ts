// Events as the JSON objects that `--json` prints: what scripts parse, so keys only ever get more.

import { exitMeaning } from "../base/exit_codes.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Status,
} from "../map/statuses.ts";
import type { Progress, ServerEvent } from "../server/events.ts";
import type { LogLevel } from "./terminal.ts";
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

/** What each object that `--json` prints tells, for the manual; the key `event` says which it is. */
export const EVENT_TEXTS: Readonly<
  Record<ServerEvent["event"] | "page" | "phase" | "error", string>
> = {
  ready: "clients can connect: uri, uris, image, map, resumed",
  page: "the live page is there: url",
  progress:
    "twice a second: size, bytes by status in totals, runOut (unreadable where a disc has no " +
    "data), deviceBytes, deviceReads and failedReads since the start, servedBytes, clients, waiting " +
    "reads, phase, pass, position, lastGood, reading (the device read under way), outage (while the " +
    "device does not answer: sinceMs, attempts, restMs), paused (while the image takes no writes: " +
    "errno, folder, needs, has), resting (while fill leaves the device alone: ms, restMs left, pays), " +
    "cooling (while the fill waits for a hot drive: celsius, limitCelsius), " +
    "elapsedMs",
  phase: "fill does something else now: phase (null: nothing), pass",
  medium: "a medium is awaited, found, refused or has left: state, message, hints",
  waiting:
    "every second while a device that is being opened does not answer: what, seconds, message",
  warning: "something should be known; failed reads are summed up: message, hints",
  info: "something has happened: message; device (the path of a device that answers again)",
  debug: "with --log-level debug: message",
  client: "a client has connected or left: state, clients, message",
  saved: "the mapfile is on disk: map, transitions",
  done:
    "the last one: exitCode, its meaning as the table of exit codes has it, and what progress has",
  error: "the program has failed: message, hints, exitCode, and its meaning",
};

/** The object to print for `event`. */
export function eventRecord(told: ServerEvent): object {
  const event = told.event === "done" ? { ...told, meaning: exitMeaning(told.exitCode) } : told;
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
