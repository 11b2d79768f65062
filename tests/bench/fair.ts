// Measures how long a small read of what is not cached takes on a slow disk, alone and beside clients that have
// all in flight that they can, and prints a table.

import { textTable } from "../../src/ui/text_layout.ts";
import { DiscardingClient } from "../harness/discarding_client.ts";
import { FailingDevice } from "../harness/failing_device.ts";
import { markdownTable, median } from "./measurements.ts";
import { givenOptions, runBenchmark } from "./run_benchmark.ts";
import { RunningServer } from "./running_server.ts";
import {
  BLKCACHE,
  blkcacheCommand,
  NBDKIT_CACHE,
  NBDKIT_FILE,
  QEMU_NBD_RAW,
  type Server,
} from "./servers.ts";
import { environment } from "./versions.ts";

const MIB = 1_048_576;
const SIZE = 4096 * MIB;
/** What the disk gives, bytes a second: an old one, or a card reader. */
const DISK_RATE = 8e6;
/** What each greedy client has in flight. */
const READS = 64;
const READ_BYTES = 32 * MIB;
/** Greedy clients ask for what lies before it, small reads for what lies behind. */
const BORDER = 3072 * MIB;
/** From one small read to the next: more than anybody reads ahead. */
const STRIDE = 16 * MIB;
const SMALL_BYTES = 4096;
/** Between two small reads: a program that looks at what it got, milliseconds. */
const PAUSE_MS = 100;
/** For the servers to have all in hand, and for what the disk gives in one go at first. */
const SETTLE_MS = 2000;

const USAGE = `deno run -A tests/bench/fair.ts [OPTIONS]

  --quick         few small reads, one greedy client at most
  --only LIST     only servers whose name begins with one of these, separated by commas
  --patience N    seconds; a small read that takes longer is not waited for any more, and a measurement
                  that has taken so long ends (30)
  --reads N       small reads of each measurement (10)
  --dir FOLDER    where images go (/var/tmp)
  --markdown      a Markdown table

Needs root. BLKCACHE names a compiled blkcache; without it the sources are run.`;

interface Settings {
  readonly servers: readonly Server[];
  /** How many greedy clients there are. */
  readonly crowds: readonly number[];
  readonly reads: number;
  readonly patienceMs: number;
  readonly settleMs: number;
  readonly dir: string;
  readonly markdown: boolean;
}

/** @returns undefined when help was asked for. @throws {Error} for what is not understood. */
function parseSettings(args: readonly string[]): Settings | undefined {
  const given = givenOptions(args, USAGE, ["only", "patience", "reads", "dir"], [
    "quick",
    "markdown",
  ]);
  if (given === undefined) return undefined;
  const wanted = String(given.only ?? "").split(",");
  const servers = [BLKCACHE, NBDKIT_FILE, NBDKIT_CACHE, QEMU_NBD_RAW];
  return {
    servers: servers.filter(({ name }) => wanted.some((start) => name.startsWith(start))),
    crowds: given.quick ? [0, 1] : [0, 1, 5, 20],
    reads: Number(given.reads ?? (given.quick ? 3 : 10)),
    patienceMs: Number(given.patience ?? 30) * 1000,
    settleMs: given.quick ? SETTLE_MS / 4 : SETTLE_MS,
    dir: String(given.dir ?? "/var/tmp"),
    markdown: given.markdown === true,
  };
}

/** How long each small read took, milliseconds; Infinity: longer than anybody's patience. */
type Latencies = number[];

/** Measures one server on a disk of its own, so that nothing has been read before. */
async function measure(server: Server, greedy: number, data: string, settings: Settings) {
  await using parts = new AsyncDisposableStack();
  const device = parts.use(await FailingDevice.make(data, { bytesPerSecond: DISK_RATE }));
  const running = parts.use(await RunningServer.start(server, device.path, settings.dir));
  const socket = `${running.folder}/socket`;
  const small = parts.use(await DiscardingClient.connect(socket, server.exportName));
  for (let client = 0; client < greedy; client++) {
    const one = parts.use(await DiscardingClient.connect(socket, server.exportName));
    for (let read = 0; read < READS; read++) {
      // A server that takes no more may let the client wait here.
      void one.read((client * READS + read) * 2 * MIB % (BORDER - READ_BYTES), READ_BYTES);
    }
  }
  await pause(settings.settleMs);
  return await smallReads(small, settings);
}

async function smallReads(client: DiscardingClient, settings: Settings): Promise<Latencies> {
  const latencies: Latencies = [];
  const endMs = performance.now() + settings.patienceMs;
  while (latencies.length < settings.reads && performance.now() < endMs) {
    const beganMs = performance.now();
    const answer = client.read(BORDER + latencies.length * STRIDE, SMALL_BYTES);
    const errno = await withPatience(answer, settings.patienceMs);
    if (errno === undefined) return [...latencies, Infinity];
    if (errno !== 0) throw new Error(`the server says ${errno}`);
    latencies.push(performance.now() - beganMs);
    await pause(PAUSE_MS);
  }
  return latencies;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** @returns undefined when the answer takes longer. */
async function withPatience(answer: Promise<number>, ms: number): Promise<number | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms);
  const first = await Promise.race([answer, late.promise]);
  clearTimeout(timer);
  return first;
}

/** Median and the longest. */
function formatted(latencies: Latencies, patienceMs: number): string {
  return [median(latencies)!, Math.max(...latencies)].map((ms) =>
    ms === Infinity
      ? `> ${patienceMs / 1000} s`
      : ms < 1000
      ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
      : `${(ms / 1000).toFixed(1)} s`
  ).join(" / ");
}

async function main(settings: Settings): Promise<void> {
  using stack = new DisposableStack();
  // A short name: there are sockets below it.
  const folder = Deno.makeTempDirSync({ dir: settings.dir, prefix: "bench-" });
  stack.defer(() => Deno.removeSync(folder, { recursive: true }));
  const data = `${folder}/data`;
  Deno.writeFileSync(data, new Uint8Array(0));
  Deno.truncateSync(data, SIZE);
  const versions = [[...blkcacheCommand(), "--version"], ["nbdkit", "--version"], [
    "qemu-nbd",
    "--version",
  ]];
  console.log((await environment(versions)).map((line) => `- ${line}`).join("\n") + "\n");
  const lines: string[][] = [];
  for (const server of settings.servers) {
    const line = [server.name];
    for (const greedy of settings.crowds) {
      const latencies = await measure(server, greedy, data, { ...settings, dir: folder });
      line.push(formatted(latencies, settings.patienceMs));
    }
    lines.push(line);
  }
  const head = [
    "a small read that is not cached: median / longest",
    ...settings.crowds.map((greedy) => greedy === 0 ? "alone" : `beside ${greedy}`),
  ];
  if (settings.markdown) return console.log(markdownTable(head, lines));
  console.log(textTable([head, ...lines], head.map(() => "left")).join("\n"));
}

if (import.meta.main) await runBenchmark(parseSettings(Deno.args), USAGE, main);
