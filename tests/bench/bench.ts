// The rounds of the benchmark. Servers take turns within each, so that a noisy moment of the machine meets
// all of them. The source is in the page cache: what is compared is the servers, not the disk.

import { tool } from "../harness/tool.ts";
import type { BenchOptions } from "./bench_options.ts";
import { Measurements } from "./measurements.ts";
import {
  COLD_ROWS,
  copyToNull,
  fioCommand,
  IDLE_ROWS,
  type Row,
  seconds,
  WARM_ROWS,
} from "./rows.ts";
import { RunningServer } from "./running_server.ts";
import { measureDdrescue } from "./ddrescue_alone.ts";
import {
  anotherBuild,
  COLD_SERVERS,
  NBDKIT_COW_4K,
  pythonOriginal,
  type Server,
  WARM_SERVERS,
} from "./servers.ts";

/** The cold copy's other rival: what a copy costs at all. */
const DD = "dd to a file";
const DDRESCUE = "ddrescue";

/** A benchmark under way. Declare it with `await using`. */
export class Bench implements AsyncDisposable {
  readonly #options: BenchOptions;
  readonly #folder: string;
  readonly #source: string;
  readonly #warmServers: readonly Server[];
  readonly #coldServers: readonly Server[];
  readonly #warm: readonly Row[];
  readonly #cold: readonly Row[];
  readonly #idle: readonly Row[];
  readonly warm: Measurements;
  readonly cold: Measurements;
  readonly idle: Measurements;
  /** All servers that were ever started. */
  readonly #started: Promise<RunningServer>[] = [];
  #isOver = false;

  constructor(options: BenchOptions, folder: string) {
    const wanted = ({ key }: Row) =>
      options.rows.length === 0 || options.rows.some((row) => key.startsWith(row));
    this.#options = options;
    this.#folder = folder;
    this.#source = `${folder}/source`;
    this.#warm = WARM_ROWS.filter(wanted);
    this.#cold = COLD_ROWS.filter(wanted);
    this.#idle = IDLE_ROWS.filter(wanted);
    const original = options.original === undefined ? [] : [pythonOriginal(options.original)];
    const before = options.before === undefined ? [] : [anotherBuild(options.before)];
    this.#warmServers = [...WARM_SERVERS, ...original, ...before];
    this.#coldServers = [...COLD_SERVERS, NBDKIT_COW_4K, ...original, ...before];
    this.warm = new Measurements("cached", this.#warm, names(this.#warmServers));
    this.cold = new Measurements("not cached", this.#cold, [...names(this.#coldServers), DD]);
    this.idle = new Measurements("itself", this.#idle, [...names(this.#warmServers), DDRESCUE]);
  }

  async run(): Promise<void> {
    writeRandom(this.#source, this.#options.size);
    for (let round = 0; round < this.#options.rounds; round++) {
      console.error(`round ${round + 1} of ${this.#options.rounds}`);
      const inTurn = (servers: readonly Server[]) => rotated(servers, round);
      if (this.#idle.length > 0) await this.#idleRound(inTurn(this.#warmServers));
      if (this.#warm.length > 0) await this.#warmRound(inTurn(this.#warmServers));
      for (const row of this.#cold) await this.#coldRound(row, inTurn(this.#coldServers));
    }
  }

  async #idleRound(servers: readonly Server[]): Promise<void> {
    for (const server of servers) {
      for (const isAsked of [false, true]) {
        const rows = this.#idle.filter(({ isUnasked = false }) => isUnasked !== isAsked);
        if (rows.length === 0) continue;
        await using running = await this.#start(server, isAsked);
        for (const row of rows) {
          this.idle.add(row, server.name, await row.measure(running, this.#options));
        }
      }
    }
    const figures = await measureDdrescue(this.#source, this.#folder);
    for (const row of this.#idle) {
      const value = figures.get(row.key);
      if (value !== undefined) this.idle.add(row, DDRESCUE, { value });
    }
  }

  /** All servers run at the same time, and each is idle while another is measured. */
  async #warmRound(servers: readonly Server[]): Promise<void> {
    await using stack = new AsyncDisposableStack();
    const running: RunningServer[] = [];
    for (const server of servers) running.push(stack.use(await this.#start(server)));
    // The second copy finds everything cached, which may make a server faster from then on.
    for (const server of running) for (let copy = 0; copy < 2; copy++) await copyToNull(server);
    await tool("sync", []);
    for (const row of this.#warm) {
      for (const server of running) {
        this.warm.add(row, server.name, await row.measure(server, this.#options));
      }
    }
  }

  async #coldRound(row: Row, servers: readonly Server[]): Promise<void> {
    for (const server of servers) {
      {
        await using running = await this.#start(server);
        this.cold.add(row, server.name, await row.measure(running, this.#options));
      }
      await tool("sync", []);
    }
    if (row.key !== "cold-copy") return;
    const copy = `${this.#folder}/copy`;
    const value = await seconds("dd", `if=${this.#source}`, `of=${copy}`, "bs=1M", "status=none");
    this.cold.add(row, DD, { value });
    Deno.removeSync(copy);
    await tool("sync", []);
  }

  #start(server: Server, isAsked = true): Promise<RunningServer> {
    if (this.#isOver) throw new Error("the benchmark is over");
    const started = RunningServer.start(server, this.#source, this.#folder, isAsked);
    this.#started.push(started);
    return started;
  }

  /** Ends the servers that still run, when the benchmark was interrupted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    for (const started of await Promise.allSettled(this.#started)) {
      if (started.status === "fulfilled") await started.value[Symbol.asyncDispose]();
    }
  }

  /** The commands, for those who repeat it. */
  commands(): string {
    const lines = [];
    for (const server of new Set([...this.#warmServers, ...this.#coldServers])) {
      for (const command of server.prepare?.("SOURCE", ".") ?? []) lines.push(command.join(" "));
      const configuration = server.configuration?.("SOURCE", ".").trim().replaceAll("\n", "; ");
      const note = configuration ? `    # configuration: ${configuration}` : "";
      lines.push(server.command("SOURCE", ".").join(" ") + note);
    }
    lines.push(
      fioCommand({ rw: "randread", bs: "4k", iodepth: 16 }, "URI", this.#options).join(" "),
    );
    lines.push("nbdcopy URI null:", "dd if=SOURCE of=FILE bs=1M");
    return lines.join("\n");
  }
}

function names(servers: readonly Server[]): string[] {
  return servers.map(({ name }) => name);
}

function rotated<T>(items: readonly T[], by: number): T[] {
  return items.map((_, index) => items[(index + by) % items.length]);
}

/** Makes a file of random bytes; it stays in the page cache. */
export function writeRandom(path: string, size: number): void {
  const block = new Uint8Array(65_536);
  using file = Deno.openSync(path, { write: true, createNew: true });
  for (let done = 0; done < size;) {
    crypto.getRandomValues(block);
    done += file.writeSync(block.subarray(0, Math.min(block.length, size - done)));
  }
  file.syncSync();
}
