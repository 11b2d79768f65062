// What each status of a map looks like: the names and colours of every picture.

import { type CoarseMap } from "../map/coarse_map.ts";
import { OUTSIDE } from "../map/map_view.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Phase,
  type Status,
  statusChar,
} from "../map/statuses.ts";
import type { Color } from "./styled_text.ts";

/** How a kind of cell is shown. */
export interface StatusLook {
  readonly name: string;
  /** Without colours. */
  readonly character: string;
  /** In a terminal; undefined: nothing is drawn. */
  readonly color: Color | undefined;
  /** In a picture: #rrggbb. */
  readonly rgb: string;
}

/** The statuses from good to bad, in the order of tables and legends. */
export const STATUSES: readonly Status[] = [
  FINISHED,
  NON_TRIED,
  NON_TRIMMED,
  NON_SCRAPED,
  BAD_SECTOR,
];

/** Some of the cell is finished and nothing in it has failed. */
export const PARTLY = OUTSIDE + 1;

/** Looks by status; OUTSIDE and PARTLY have some as well. */
export const LOOKS: readonly StatusLook[] = [
  look("non-tried", statusChar(NON_TRIED), "grey", "#59636e"),
  look("non-trimmed", statusChar(NON_TRIMMED), "yellow", "#f2c037"),
  look("non-scraped", statusChar(NON_SCRAPED), "magenta", "#b277d9"),
  look("bad sector", statusChar(BAD_SECTOR), "red", "#f0433a"),
  look("finished", statusChar(FINISHED), "green", "#3fb26b"),
  look("outside of the domain", " ", undefined, "#1b2026"),
  look("partly finished", statusChar(NON_TRIED), "cyan", "#4a8a94"),
];

/** The names that ddrescue gives to what it does. */
export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  "?": "copying",
  "*": "trimming",
  "%": "sweeping",
  "/": "scraping",
  "-": "retrying",
  "F": "filling",
  "G": "generating",
  "+": "finished",
};

/** Which of LOOKS a cell has: that of the worst status in it, or PARTLY. */
export function lookAt({ worst, finished }: CoarseMap, cell: number): number {
  return worst[cell] === NON_TRIED && finished[cell] > 0 ? PARTLY : worst[cell];
}

function look(name: string, character: string, color: Color | undefined, rgb: string): StatusLook {
  return { name, character, color, rgb };
}
