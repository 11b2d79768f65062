// What the live page shows: everything as text that the page only has to put in its place. Pure.

import { exactSize, formatDuration, formatRate, formatSize } from "../../base/sizes.ts";
import type { CoarseMap } from "../../map/coarse_map.ts";
import type { ServerEvent } from "../../server/events.ts";
import { lookAt, LOOKS, PARTLY, PHASE_NAMES, STATUSES } from "../map_look.ts";
import { formatPercent, isComplete, shares } from "../shares.ts";
import type { StatusSnapshot } from "../status_line.ts";
import { troubleText } from "../trouble.ts";

/** The places for text on the page, by the id of the element. */
export const FIELDS = [
  "phase",
  "cached",
  "bad",
  "missing",
  "rate",
  "average",
  "eta",
  "clients",
  "errors",
  "good",
  "medium",
  "size",
  "elapsed",
  "served",
] as const;

/** A moment of a run, as the page shows it. */
export interface PageState {
  readonly fields: Readonly<Record<typeof FIELDS[number], string>>;
  /** Bytes and share of each look that has a total, by its number. */
  readonly totals: readonly string[];
  /** Something that needs a look; empty: nothing. */
  readonly alarm: string;
  /** Changes with each change of the map. */
  readonly mapVersion: number;
}

/** A message of a run. */
export interface PageMessage {
  readonly kind: "warning" | "info";
  /** Time of day. */
  readonly time: string;
  readonly text: string;
}

/** A picture of the map. */
export interface PageMap {
  /** Bytes. */
  readonly start: number;
  readonly end: number;
  readonly size: number;
  /** A digit a cell: the number of its look. */
  readonly cells: string;
  readonly cellText: string;
  readonly rangeText: string;
}

/** A device read that takes longer is worth a word. */
const STUCK_MS = 3_000;

/** @param medium the last report about it. */
export function pageState(snapshot: StatusSnapshot, medium: string): PageState {
  const { progress, remainingMs, sinceGoodMs } = snapshot;
  const { size, totals, phase, pass, reading, lastGood } = progress;
  const part = (bytes: number) => `${formatSize(bytes)} (${formatPercent(bytes, size)})`;
  const { cached, bad, missing } = shares(progress);
  const fill = phase === null ? "serving on request" : PHASE_NAMES[phase];
  const passes = phase !== null && pass > 1 ? `, pass ${pass}` : "";
  const waiting = progress.waiting > 0 ? `, ${progress.waiting} reads waiting` : "";
  const good = lastGood === null || sinceGoodMs === undefined
    ? "none yet"
    : `at ${formatSize(lastGood)}, ${
      sinceGoodMs < 1000 ? "now" : `${formatDuration(sinceGoodMs)} ago`
    }`;
  return {
    fields: {
      phase: isComplete(progress) ? "complete" : fill + passes,
      cached: part(cached),
      bad: part(bad),
      missing: part(missing),
      rate: formatRate(snapshot.bytesPerSecond),
      average: formatRate(snapshot.averageBytesPerSecond),
      eta: isComplete(progress)
        ? "nothing"
        : remainingMs === undefined || troubleText(progress) !== undefined
        ? "no end in sight"
        : formatDuration(remainingMs),
      clients: `${progress.clients}${waiting}`,
      errors: `${progress.failedReads} of ${progress.deviceReads} reads`,
      good,
      medium: medium || "present",
      size: exactSize(size),
      elapsed: formatDuration(progress.elapsedMs),
      served: formatSize(progress.servedBytes),
    },
    totals: LOOKS.map((_, look) => STATUSES.includes(look) ? part(totals[look] ?? 0) : ""),
    alarm: troubleText(progress) ?? stuckText(reading),
    mapVersion: progress.mapVersion,
  };
}

function stuckText(reading: StatusSnapshot["progress"]["reading"]): string {
  if (reading === null || reading.ms < STUCK_MS) return "";
  const place = formatSize(reading.offset);
  return `the device has been reading at ${place} for ${formatDuration(reading.ms)}`;
}

/** @param size of the device. */
export function pageMap(cells: CoarseMap, size: number): PageMap {
  const { start, end, worst } = cells;
  const looks = Array.from(worst, (_, cell) => lookAt(cells, cell));
  return {
    start,
    end,
    size,
    cells: looks.join(""),
    cellText: formatSize((end - start) / Math.max(1, worst.length)),
    rangeText: `${formatSize(start)} to ${formatSize(end)}`,
  };
}

/** What an event says that a person should read; undefined: nothing. */
export function pageMessage(event: ServerEvent, time: Date): PageMessage | undefined {
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()];
  const message = (kind: PageMessage["kind"], ...texts: readonly string[]): PageMessage => ({
    kind,
    time: clock.map((part) => String(part).padStart(2, "0")).join(":"),
    text: texts.join("; "),
  });
  switch (event.event) {
    case "ready":
      return message("info", `serving ${event.uris.join(" and ")}`, `image ${event.image}`);
    case "info":
      return message("info", event.message);
    case "warning":
      return message("warning", event.message, ...event.hints);
    case "medium":
      return message(event.state === "refused" ? "warning" : "info", event.message, ...event.hints);
    default:
      return undefined;
  }
}

/** The looks of the legend, in its order. */
export const LEGEND: readonly number[] = [...STATUSES, PARTLY];
