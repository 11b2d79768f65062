// `blkcache serve --json`, running, for tests that talk to it as clients do and look at what it counts.

import { type Ended, Program } from "./program.ts";

/** The last event of a run; see src/ui/event_record.ts. */
export interface Done {
  exitCode: number;
  deviceBytes: number;
  deviceReads: number;
  failedReads: number;
  servedBytes: number;
  totals: Record<"finished" | "nonTried" | "nonTrimmed" | "nonScraped" | "badSector", number>;
}

/** How a run ended; `done` is missing when it was killed. */
export type ServedEnd = Ended & { done: Done | undefined };

/** What may differ from the default. */
export interface ServedOptions {
  /** Where image, map and socket are. */
  dir: string;
  /** Further arguments. */
  args?: readonly string[];
  /** Default "image"; null: none is named. */
  image?: string | null;
  /** Name of the socket in `dir`; default "socket". */
  socket?: string;
  /** A program that becomes it, with its arguments. */
  by?: readonly string[];
}

/** A server that is ready. Declare it with `await using`. */
export class Served implements AsyncDisposable {
  readonly program: Program;
  readonly uri: string;
  /** All addresses; the Unix socket is the first. */
  readonly uris: readonly string[];
  /** Paths of the files, as the ready event gives them. */
  readonly image: string;
  readonly map: string;

  private constructor(program: Program, ready: Pick<Served, "uri" | "uris" | "image" | "map">) {
    this.program = program;
    this.uri = ready.uri;
    this.uris = ready.uris;
    const absolute = (path: string) => path.startsWith("/") ? path : `${program.dir}/${path}`;
    this.image = absolute(ready.image);
    this.map = absolute(ready.map);
  }

  /** Serves `device` and waits until it is ready. */
  static async start(device: string, options: ServedOptions): Promise<Served> {
    const { dir, args = [], image = "image", socket = "socket", by = [] } = options;
    const program = Program.start([
      "serve",
      device,
      ...image === null ? [] : [`${dir}/${image}`],
      "--json",
      `--socket=${dir}/${socket}`,
      ...args,
    ], { dir, by });
    try {
      const line = await program.waitForLine("stdout", /"event":"ready"/);
      return new Served(program, JSON.parse(line));
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Sends a signal and waits for the end. A program that has ended before tells how. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<ServedEnd> {
    try {
      this.program.signal(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    const ended = await this.program.ended();
    const done = eventsOf(ended.stdout).find(({ event }) => event === "done");
    return { ...ended, done: done as unknown as Done | undefined };
  }

  /** Sentences of the events of one kind so far. */
  messages(kind: "warning" | "info"): string[] {
    return eventsOf(this.program.stdout).filter(({ event }) => event === kind)
      .map(({ message }) => String(message));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program[Symbol.asyncDispose]();
  }
}

function eventsOf(stdout: string): Record<string, unknown>[] {
  const complete = stdout.slice(0, stdout.lastIndexOf("\n") + 1);
  return complete.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
