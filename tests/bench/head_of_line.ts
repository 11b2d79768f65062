// Measures how long a read of what is cached takes while others wait for a slow disk, on the same connection
// and on another one, and prints a table.

import { textTable } from "../../src/ui/text_layout.ts";
import { BAD_SECTOR, FINISHED } from "../../src/map/statuses.ts";
import { SickModel } from "../harness/sick_model.ts";
import { noise } from "../harness/test_folder.ts";
import { READ_BYTES, TimedClient } from "./head_of_line_client.ts";
import { markdownTable } from "./measurements.ts";
import { RunningServer } from "./running_server.ts";
import { blkcacheCommand, COLD_SERVERS, type Server } from "./servers.ts";
import { SickDisk } from "../harness/sick_disk.ts";
import { environment } from "./versions.ts";
import { givenOptions, runBenchmark } from "./run_benchmark.ts";

const MIB = 1_048_576;
const SIZE = 64 * MIB;
/** What is cached: from the start to here. */
const CACHED = MIB;
/** One disk, one head: it does one read at a time. 1 ms where it is well, 500 ms where it is slow. */
const TIMING = { readMs: 1, byteMs: 0, failureMs: 0, slowness: 500 };
/** The first miss: behind what anybody reads ahead. */
const MISSING = 8 * MIB;
/** From one miss to the next: more than anybody reads at once. */
const STRIDE = 262_144;
/** Prime to the number of strides, so that misses visit them all in no order that looks like one. */
const STEP = 67;
/** For the server to have the misses in hand. */
const SETTLE_MS = 20;

const USAGE = `deno run -A tests/bench/head_of_line.ts [OPTIONS]

  --quick         fewer misses and hits, less patience
  --only LIST     only servers whose name begins with one of these, separated by commas
  --patience N    seconds; a hit that takes longer is not waited for any more (10)
  --hits N        hits of each measurement (2000)
  --dir FOLDER    where data and images go (/var/tmp)
  --markdown      a Markdown table

Needs root. BLKCACHE names a compiled blkcache; without it the sources are run.`;

interface Settings {
  readonly servers: readonly Server[];
  /** How many misses are pending. The first ones are the first that a session ever has. */
  readonly misses: readonly number[];
  readonly hits: number;
  readonly patienceMs: number;
  readonly dir: string;
  readonly markdown: boolean;
}

/** @returns undefined when help was asked for. @throws {Error} for what is not understood. */
function parseSettings(args: readonly string[]): Settings | undefined {
  const given = givenOptions(args, USAGE, ["only", "patience", "hits", "dir"], [
    "quick",
    "markdown",
  ]);
  if (given === undefined) return undefined;
  const wanted = String(given.only ?? "").split(",");
  return {
    servers: COLD_SERVERS.filter(({ name }) => wanted.some((start) => name.startsWith(start))),
    misses: given.quick ? [1, 1, 16] : [1, 1, 16, 64],
    hits: Number(given.hits ?? (given.quick ? 500 : 2000)),
    patienceMs: Number(given.patience ?? (given.quick ? 1 : 10)) * 1000,
    dir: String(given.dir ?? "/var/tmp"),
    markdown: given.markdown === true,
  };
}

/** How long each hit took, milliseconds; Infinity: longer than anybody's patience. */
type Latencies = number[];

/** Where the hits are asked for. */
const PLACES = ["same", "another"] as const;
type Place = typeof PLACES[number];

/** What was measured of a server for one place. */
interface Result {
  readonly place: Place;
  /** With nothing pending. */
  readonly undisturbed: Latencies;
  /** With misses pending, as many as the settings say. */
  readonly disturbed: readonly Latencies[];
}

/** A disk whose far part can be made slow, and well again. */
class Patient {
  readonly #model = new SickModel(SIZE, 512, TIMING);
  #misses = 0;

  get model(): SickModel {
    return this.#model;
  }

  sicken(): void {
    this.#model.slow.set(CACHED, SIZE, BAD_SECTOR);
  }

  recover(): void {
    this.#model.slow.set(CACHED, SIZE, FINISHED);
  }

  /** A place that nobody has read yet. */
  missing(): number {
    const places = (SIZE - MISSING) / STRIDE - 1;
    if (this.#misses === places) throw new Error("the disk is too small");
    return MISSING + (this.#misses++ * STEP % places) * STRIDE;
  }
}

/** Hits in random order. */
function hit(): number {
  return Math.floor(Math.random() * (CACHED / READ_BYTES)) * READ_BYTES;
}

/** Measures one server. */
async function measure(server: Server, data: string, folder: string, settings: Settings) {
  const patient = new Patient();
  const place = Deno.makeTempDirSync({ dir: folder });
  await using disk = await SickDisk.make(patient.model, data, place);
  await using running = await RunningServer.start(server, disk.path, folder);
  const socket = `${running.folder}/socket`;
  using asking = new TimedClient(socket);
  using other = new TimedClient(socket);
  for (let offset = 0; offset < CACHED; offset += READ_BYTES) {
    asking.ask(offset);
    asking.finish();
  }
  for (const client of [asking, other]) hits(client, settings.hits, settings.patienceMs);

  const results: Result[] = [];
  for (const place of PLACES) {
    const client = place === "same" ? asking : other;
    const undisturbed: Latencies = [];
    const disturbed: Latencies[] = [];
    for (const count of settings.misses) {
      undisturbed.push(...hits(client, settings.hits, settings.patienceMs));
      patient.sicken();
      for (let miss = 0; miss < count; miss++) asking.ask(patient.missing());
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      asking.collect();
      if (asking.pending !== count) throw new Error(`${server.name} had a miss already`);
      const recover = () => patient.recover();
      disturbed.push(hits(client, settings.hits, settings.patienceMs, asking, recover));
      patient.recover();
      asking.finish();
    }
    results.push({ place, undisturbed, disturbed });
  }
  return results;
}

/**
 * Hits, one after the other.
 * @param asking only those count that begin while this one's misses are pending.
 * @param late called when a hit has taken too long.
 */
function hits(
  client: TimedClient,
  count: number,
  patienceMs: number,
  asking?: TimedClient,
  late = () => {},
): Latencies {
  const latencies: Latencies = [];
  while (latencies.length < count) {
    asking?.collect();
    if (asking?.pending === 0) break;
    let isLate = false;
    const ms = client.timedRead(hit(), patienceMs, () => {
      isLate = true;
      late();
    });
    latencies.push(isLate ? Infinity : ms);
    if (isLate) break;
  }
  return latencies;
}

function percentile(latencies: Latencies, share: number): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** Median, 99th percentile and the longest: a hit that is held up once is behind no percentile. */
function formatted(latencies: Latencies, patienceMs: number): string {
  const figures = [0.5, 0.99, 1].map((share) => percentile(latencies, share));
  const texts = figures.map((ms) => duration(ms) ?? `> ${patienceMs / 1000} s`);
  return new Set(texts).size === 1 ? texts[0] : texts.join(" / ");
}

function duration(ms: number): string | undefined {
  if (ms === Infinity) return undefined;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms >= 10 ? ms.toFixed(0) : ms.toFixed(2)} ms`;
}

function table(rows: readonly (readonly [name: string, Result])[], settings: Settings): string {
  const { misses, patienceMs, markdown } = settings;
  const head = [
    "a cached read of 4 KiB: median / 99 % / longest",
    "connection",
    "undisturbed",
    ...misses.map((count, index) =>
      index === 0 ? "first miss ever" : count === 1 ? "1 miss waits" : `${count} misses wait`
    ),
  ];
  const lines = rows.map(([name, { place, undisturbed, disturbed }]) => [
    name,
    place,
    ...[undisturbed, ...disturbed].map((latencies) => formatted(latencies, patienceMs)),
  ]);
  if (markdown) return markdownTable(head, lines);
  return textTable([head, ...lines], head.map(() => "left")).join("\n");
}

async function main(settings: Settings): Promise<void> {
  using stack = new DisposableStack();
  // A short name: there are sockets below it.
  const folder = Deno.makeTempDirSync({ dir: settings.dir, prefix: "bench-" });
  stack.defer(() => Deno.removeSync(folder, { recursive: true }));
  const data = `${folder}/data`;
  Deno.writeFileSync(data, noise(SIZE, 1));
  const versions = [[...blkcacheCommand(), "--version"], ["nbdkit", "--version"], [
    "qemu-nbd",
    "--version",
  ]];
  console.log((await environment(versions)).map((line) => `- ${line}`).join("\n") + "\n");
  const rows: [string, Result][] = [];
  for (const server of settings.servers) {
    const results = await measure(server, data, folder, settings);
    rows.push(...results.map((result): [string, Result] => [server.name, result]));
  }
  console.log(table(rows, settings));
}

if (import.meta.main) await runBenchmark(parseSettings(Deno.args), USAGE, main);
