// What the program in a virtual machine has reported: the JSON lines of `--json`.

import type { TestFolder } from "../harness/test_folder.ts";

/** One event; which fields there are depends on its kind (see src/ui/event_record.ts). */
export interface GuestEvent {
  event: string;
  state?: string;
  message: string;
  image: string;
  resumed: boolean;
  exitCode: number;
  size: number;
  runOut: number;
  deviceBytes: number;
  deviceReads: number;
  failedReads: number;
  totals: Record<"finished" | "nonTried" | "nonTrimmed" | "nonScraped" | "badSector", number>;
}

/** All events of a run whose script has kept its files. */
export function guestEvents(folder: TestFolder, name = "events"): GuestEvent[] {
  const lines = Deno.readTextFileSync(folder.file(`out/${name}`)).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** The last words on each medium that was served, in order. */
export function mediumEnds(events: readonly GuestEvent[]): GuestEvent[] {
  return events.filter(({ event, state, totals }) =>
    totals !== undefined && (event === "done" || event === "medium" && state === "left")
  );
}
