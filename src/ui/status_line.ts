// The status of a run in one line. A pure function of a snapshot and a width.

import { formatDuration, formatRate, formatSize } from "../base/sizes.ts";
import { BAD_SECTOR, FINISHED } from "../map/statuses.ts";
import type { Progress } from "../server/events.ts";
import { formatPercent } from "./percent.ts";

/** What the line shows. */
export interface StatusSnapshot {
  readonly progress: Progress;
  /** Device reading now. */
  readonly bytesPerSecond: number;
  /** Undefined: no end in sight. */
  readonly remainingMs: number | undefined;
}

/** The three numbers that matter, in bytes; they add up to the size of the device. */
export interface Shares {
  /** In the image. */
  readonly cached: number;
  /** Tried alone and unreadable. */
  readonly bad: number;
  /** Everything else, tried or not. */
  readonly missing: number;
}

/** Sums the statuses up. */
export function shares({ size, totals }: Progress): Shares {
  const cached = totals[FINISHED] ?? 0;
  const bad = totals[BAD_SECTOR] ?? 0;
  return { cached, bad, missing: Math.max(0, size - cached - bad) };
}

/** The fullest form that fits into `columns`; the tersest one is cut when even that is too long. */
export function statusLine(snapshot: StatusSnapshot, columns: number): string {
  const forms = [
    [rate, share("cached"), share("bad"), share("missing"), remaining, clients],
    [rate, share("cached"), bytes("bad"), bytes("missing"), remaining, clients],
    [rate, percent("cached"), bytes("bad"), bytes("missing"), remaining, clients],
    [rate, percent("cached"), bytes("bad"), bytes("missing"), remaining],
    [rate, percent("cached"), bytes("bad"), remaining],
    [rate, percent("cached"), bytes("bad")],
  ];
  const lines = forms.map((parts) =>
    parts.map((part) => part(snapshot)).filter((text) => text !== "").join("  ")
  );
  return (lines.find((line) => line.length <= columns) ?? lines.at(-1)!).slice(0, columns);
}

/** The end of a run in one sentence. */
export function summary(progress: Progress): string {
  const parts = (["cached", "bad", "missing"] as const).map((name) =>
    share(name)({ progress, bytesPerSecond: 0, remainingMs: undefined })
  );
  return `${parts.join(", ")}; ${formatSize(progress.deviceBytes)} read from the device in ` +
    formatDuration(progress.elapsedMs);
}

type Part = (snapshot: StatusSnapshot) => string;

const rate: Part = ({ bytesPerSecond }) => formatRate(bytesPerSecond);

const remaining: Part = ({ remainingMs }) =>
  remainingMs === undefined ? "" : `ETA ${formatDuration(remainingMs)}`;

const clients: Part = ({ progress }) => {
  const count = `${progress.clients} ${progress.clients === 1 ? "client" : "clients"}`;
  return progress.waiting > 0 ? `${count}, ${progress.waiting} waiting` : count;
};

function share(name: keyof Shares): Part {
  return ({ progress }) => {
    const part = shares(progress)[name];
    return `${name} ${formatSize(part)} ${formatPercent(part, progress.size)}`;
  };
}

function bytes(name: keyof Shares): Part {
  return ({ progress }) => `${name} ${formatSize(shares(progress)[name])}`;
}

function percent(name: keyof Shares): Part {
  return ({ progress }) => `${name} ${formatPercent(shares(progress)[name], progress.size)}`;
}
