// What a run tells the outside. The command line decides how it looks: sentences, a status line, JSON.

/** A moment of a run. Sizes are bytes; each field is what it says at that instant. */
export interface Progress {
  /** Device size. */
  size: number;
  /** Bytes of each map status, by status number (see map/statuses.ts). */
  totals: readonly number[];
  /** Bytes read from the device since the start. */
  deviceBytes: number;
  /** Device reads since the start, and those of them that failed. */
  deviceReads: number;
  failedReads: number;
  /** Bytes sent to clients since the start. */
  servedBytes: number;
  /** Clients connected now. */
  clients: number;
  /** Client reads that wait for the device now. */
  waiting: number;
  /** Milliseconds since the start. */
  elapsedMs: number;
}

/** One thing that happened. `message` fields are whole sentences for a person, in the house's form. */
export type ServerEvent =
  | {
    event: "ready";
    uri: string;
    uris: readonly string[];
    image: string;
    map: string;
    resumed: boolean;
  }
  | { event: "progress"; progress: Progress }
  | { event: "warning"; message: string; hints: readonly string[] }
  | { event: "info"; message: string }
  | { event: "debug"; message: string }
  | { event: "saved"; map: string; transitions: number }
  | { event: "client"; state: "connected" | "left"; clients: number; message?: string }
  | { event: "done"; exitCode: number; progress: Progress };

/** Receives the events of a run, on the main thread; must not block and must not throw. */
export type Observer = (event: ServerEvent) => void;
