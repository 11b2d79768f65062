// The status of a run, in three lines for a terminal or in one for a log. Pure functions of a snapshot and
// what there is room for: of each line the fullest form is taken that fits.

import { formatDuration, formatRate, formatSize } from "../base/sizes.ts";
import type { Progress } from "../server/events.ts";
import { PHASE_NAMES } from "./map_look.ts";
import { barCells, mapBar } from "./map_picture.ts";
import { formatPercent, isComplete, type Shares, shares } from "./shares.ts";
import { cutLine, type Line, lineWidth, painted, type Span } from "./styled_text.ts";
import type { Canvas } from "./terminal.ts";
import { troubleText } from "./trouble.ts";

/** The shown facts. */
export interface StatusSnapshot {
  /** Of the device; empty: it is not shown. */
  readonly name: string;
  readonly progress: Progress;
  /** Device reading, now and since the start. */
  readonly bytesPerSecond: number;
  readonly averageBytesPerSecond: number;
  /** Undefined: no end in sight. */
  readonly remainingMs: number | undefined;
  /** Since bytes came from the device; undefined: none have come yet. */
  readonly sinceGoodMs: number | undefined;
}

/** A device read that takes longer is worth a word. */
const STUCK_MS = 3_000;
/** In a window with fewer rows, three lines of status would leave too little for the rest. */
const LEAST_ROWS = 8;

/** A piece of a line; undefined: there is nothing to say. */
type Part = (snapshot: StatusSnapshot) => Span | undefined;

const name: Part = ({ name }) => name === "" ? undefined : { text: name, bold: true };

const phase: Part = ({ progress }) => {
  const { phase, pass } = progress;
  if (isComplete(progress)) {
    return { text: "complete", color: "green" };
  }
  if (phase === null) return undefined;
  return { text: PHASE_NAMES[phase] + (pass > 1 ? ` (pass ${pass})` : "") };
};

const trouble: Part = ({ progress }) => {
  const text = troubleText(progress);
  return text === undefined ? undefined : { text, color: "red" };
};

const rate: Part = ({ bytesPerSecond }) => ({ text: formatRate(bytesPerSecond) });

const average: Part = ({ averageBytesPerSecond }) => ({
  text: `average ${formatRate(averageBytesPerSecond)}`,
});

const remaining: Part = ({ progress, remainingMs }) =>
  remainingMs === undefined || troubleText(progress) !== undefined
    ? undefined
    : { text: `ETA ${formatDuration(remainingMs)}` };

const stuck: Part = ({ progress: { reading } }) =>
  reading === null || reading.ms < STUCK_MS ? undefined : {
    text: `reading at ${formatSize(reading.offset)} for ${formatDuration(reading.ms)}`,
    color: "yellow",
  };

const clients: Part = ({ progress: { clients, waiting } }) => {
  const count = counted(clients, "client");
  return { text: waiting > 0 ? `${count}, ${waiting} waiting` : count };
};

const errors: Part = ({ progress: { failedReads } }) =>
  failedReads === 0 ? undefined : { text: counted(failedReads, "failed read"), color: "red" };

const lastGood: Part = (snapshot) => {
  const { progress, sinceGoodMs } = snapshot;
  if (progress.lastGood === null || sinceGoodMs === undefined || stuck(snapshot)) return undefined;
  const ago = sinceGoodMs < 1000 ? "now" : `${formatDuration(sinceGoodMs)} ago`;
  return { text: `last good read ${ago} at ${formatSize(progress.lastGood)}` };
};

const ACTIVITY: readonly (readonly Part[])[] = [
  [name, trouble, phase, rate, average, remaining, clients, errors, stuck, lastGood],
  [name, trouble, phase, rate, average, remaining, clients, errors, stuck],
  [name, trouble, phase, rate, remaining, clients, errors, stuck],
  [name, trouble, phase, rate, remaining, errors, stuck],
  [name, trouble, phase, rate, remaining, stuck],
  [trouble, phase, rate, remaining, stuck],
  [trouble, rate, remaining, stuck],
  [trouble, rate, stuck],
  [(snapshot) => trouble(snapshot) ?? rate(snapshot)],
];
const SHARES: readonly (readonly Part[])[] = [
  [share("cached"), share("bad"), share("missing")],
  [share("cached"), bytes("bad"), bytes("missing")],
  [percent("cached"), bytes("bad"), bytes("missing")],
  [percent("cached"), bytes("bad")],
];
const ONE_LINE: readonly (readonly Part[])[] = [
  [name, trouble, phase, rate, ...SHARES[0], remaining, clients, errors, stuck],
  [trouble, phase, rate, ...SHARES[1], remaining, clients, stuck],
  [rate, ...SHARES[2], remaining, clients],
  [rate, ...SHARES[2], remaining],
  [rate, ...SHARES[3], remaining],
  [rate, ...SHARES[3]],
];

/** Activity, shares, and a bar of the whole device; one line in a low window. */
export function statusLines(snapshot: StatusSnapshot, canvas: Canvas): Line[] {
  const { columns, rows } = canvas;
  if (rows < LEAST_ROWS) return [fitting(ONE_LINE, snapshot, columns)];
  const cells = snapshot.progress.picture(barCells(columns, canvas));
  const bar = mapBar(cells, columns, canvas);
  const lines = [fitting(ACTIVITY, snapshot, columns), fitting(SHARES, snapshot, columns)];
  return bar.length > 0 ? [...lines, bar] : lines;
}

/** All of it in one line, without colours. */
export function statusLine(snapshot: StatusSnapshot): string {
  return painted(fitting(ONE_LINE, snapshot, Infinity), false);
}

/** The end of a run in one sentence. */
export function summary(progress: Progress): string {
  const parts = (["cached", "bad", "missing"] as const).map((name) => shareText(progress, name));
  return `${parts.join(", ")}; ${formatSize(progress.deviceBytes)} read from the device in ` +
    formatDuration(progress.elapsedMs);
}

/** The first form that fits; the last one is cut when even that is too long. */
function fitting(
  forms: readonly (readonly Part[])[],
  snapshot: StatusSnapshot,
  columns: number,
): Line {
  const lines = forms.map((parts) =>
    parts.map((part) => part(snapshot)).filter((span) => span !== undefined)
      .flatMap((span, index) => index === 0 ? [span] : [{ text: "  " }, span])
  );
  return lines.find((line) => lineWidth(line) <= columns) ?? cutLine(lines.at(-1)!, columns);
}

function share(name: keyof Shares): Part {
  return ({ progress }) => ({ text: shareText(progress, name), ...colorOf(progress, name) });
}

function bytes(name: keyof Shares): Part {
  return ({ progress }) => ({
    text: `${name} ${formatSize(shares(progress)[name])}`,
    ...colorOf(progress, name),
  });
}

function percent(name: keyof Shares): Part {
  return ({ progress }) => ({
    text: `${name} ${formatPercent(shares(progress)[name], progress.size)}`,
    ...colorOf(progress, name),
  });
}

function shareText(progress: Progress, name: keyof Shares): string {
  const part = shares(progress)[name];
  return `${name} ${formatSize(part)} ${formatPercent(part, progress.size)}`;
}

function colorOf(progress: Progress, name: keyof Shares): { color?: "red" } {
  return name === "bad" && shares(progress).bad > 0 ? { color: "red" } : {};
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
