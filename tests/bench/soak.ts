// The soak: one good client beside idle, greedy, slow and killed ones, for many minutes. Afterwards blkcache must have
// given back what they took; the good client's times are set beside those with other servers under the same load.

import { isRunning } from "../harness/processes.ts";
import { noise } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";
import { type GivenOptions, givenOptions, runBenchmark } from "./run_benchmark.ts";
import { RunningServer } from "./running_server.ts";
import { BLKCACHE, NBDKIT_CACHE, QEMU_COPY_ON_READ, type Server } from "./servers.ts";
import { BadClients, GREEDY, IDLE, SLOW } from "./soak_bad_clients.ts";

const USAGE = `deno run -A tests/bench/soak.ts [OPTIONS]

  --minutes N         of load on blkcache, default 20
  --rival-minutes N   of load on each other server, default 2
  --quick             a quarter of a minute each, on a small source
  --only NAME         blkcache, nbdkit or qemu alone
  --dir DIR           where to work, default /var/tmp
  --markdown          tables for README
  --seed N`;

const MIB = 2 ** 20;
/** What blkcache may have more than after its first client, bytes. */
const MOST_GROWTH = 20 * MIB;
/** What a server has to give back what clients have left behind, milliseconds; blkcache takes some 20 s. */
const REST_MS = 90_000;
/** From the sources the runtime has an epoll and its eventfd at some times and not at others. */
const RUNTIME_DESCRIPTORS = Deno.env.has("BLKCACHE") ? 0 : 2;
const LOOK_MS = 1_000;
/** How long memory has to stand still before it is taken for what is kept. */
const STILL_LOOKS = { long: 30, quick: 8 };

/** nbdkit 1.32 ends with a failed assertion when a client is killed whose answers it is sending: once more without. */
const LOADS: readonly (readonly [server: Server, areKilled: boolean])[] = [
  [BLKCACHE, true],
  [NBDKIT_CACHE, true],
  [NBDKIT_CACHE, false],
  [QEMU_COPY_ON_READ, true],
];

interface Settings {
  readonly seconds: number;
  readonly rivalSeconds: number;
  readonly sizeMiB: number;
  /** For how many looks memory has to stand still. */
  readonly stillLooks: number;
  readonly only: string | undefined;
  readonly dir: string;
  readonly markdown: boolean;
  readonly seed: number;
}

/** What a server has in use. */
interface InUse {
  readonly bytes: number;
  readonly descriptors: number;
  readonly threads: number;
}

/** What came of one server. */
interface Result {
  readonly name: string;
  readonly reads: number;
  readonly late: number;
  /** Undefined when it has read nothing. */
  readonly medianMs?: number;
  readonly p99Ms?: number;
  readonly longestMs?: number;
  /** Why the good client could not go on to the end. */
  readonly failure: string | undefined;
  readonly others: number;
  readonly before: InUse;
  readonly peak: InUse;
  /** Undefined when the server has ended by itself. */
  readonly after: InUse | undefined;
}

function settingsFrom(args: readonly string[]): Settings | undefined {
  const values = ["minutes", "rival-minutes", "only", "dir", "seed"];
  const given: GivenOptions | undefined = givenOptions(args, USAGE, values, ["quick", "markdown"]);
  if (given === undefined) return undefined;
  const { quick } = given;
  return {
    seconds: 60 * Number(given.minutes ?? (quick ? 0.25 : 20)),
    rivalSeconds: 60 * Number(given["rival-minutes"] ?? (quick ? 0.25 : 2)),
    sizeMiB: quick ? 128 : 1024,
    stillLooks: quick ? STILL_LOOKS.quick : STILL_LOOKS.long,
    only: given.only as string | undefined,
    dir: String(given.dir ?? "/var/tmp"),
    markdown: Boolean(given.markdown),
    seed: Number(given.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]),
  };
}

async function main(settings: Settings): Promise<void> {
  const { only = "", seconds, rivalSeconds, seed } = settings;
  console.error(`seed ${seed}`);
  const folder = Deno.makeTempDirSync({ dir: settings.dir, prefix: "soak-" });
  try {
    const source = `${folder}/source`;
    writeSource(source, settings.sizeMiB);
    const results: Result[] = [];
    for (const [server, areKilled] of LOADS) {
      if (!server.name.startsWith(only)) continue;
      const length = server === BLKCACHE ? seconds : rivalSeconds;
      results.push(await soak(server, source, folder, length, areKilled, settings));
      show(results.at(-1)!, settings.markdown, results.length === 1);
    }
    const ours = results.find(({ name }) => name === BLKCACHE.name);
    if (ours !== undefined) checkRest(ours);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function writeSource(path: string, sizeMiB: number): void {
  using file = Deno.openSync(path, { write: true, create: true });
  for (let mib = 0; mib < sizeMiB; mib += 32) {
    const bytes = noise(32 * MIB, mib + 1);
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  }
}

async function soak(
  server: Server,
  source: string,
  folder: string,
  seconds: number,
  areKilled: boolean,
  { sizeMiB, seed, stillLooks }: Settings,
): Promise<Result> {
  await using running = await RunningServer.start(server, source, folder, false);
  const socket = `${running.folder}/socket`;
  await tool("nbdcopy", ["--connections=1", running.uri, "null:"], { patienceMs: 120_000 });
  const before = await atRest(running, stillLooks, () => false);
  const bad = new BadClients(socket, sizeMiB * MIB, seed, areKilled);
  let peak = before;
  const timer = setInterval(() => {
    if (isRunning(running.pid)) peak = most(peak, inUse(running));
  }, LOOK_MS);
  const args = [socket, sizeMiB * MIB, seconds, seed].map(String);
  const script = new URL("soak_good_client.ts", import.meta.url).pathname;
  const good = await tool(Deno.execPath(), ["run", "-A", "--no-check", script, ...args], {
    patienceMs: seconds * 1000 + 180_000,
  });
  clearInterval(timer);
  await bad.stop();
  const isAsBefore = (now: InUse) =>
    now.bytes <= before.bytes + MOST_GROWTH &&
    now.descriptors <= before.descriptors + RUNTIME_DESCRIPTORS;
  const after = isRunning(running.pid) ? await atRest(running, stillLooks, isAsBefore) : undefined;
  const name = areKilled ? server.name : `${server.name}, none killed`;
  return { ...JSON.parse(good), name, others: bad.count, before, peak, after };
}

/** What it has once that stands still, or `isEnough`, or after a while. */
async function atRest(
  server: RunningServer,
  stillLooks: number,
  isEnough: (now: InUse) => boolean,
): Promise<InUse> {
  const deadlineMs = performance.now() + REST_MS;
  let least = inUse(server);
  for (let still = 0; still < stillLooks && performance.now() < deadlineMs;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = inUse(server);
    if (isEnough(now)) return now;
    const isLess = now.bytes < least.bytes - MIB || now.descriptors < least.descriptors;
    still = isLess ? 0 : still + 1;
    if (isLess) least = now;
  }
  return inUse(server);
}

function inUse(server: RunningServer): InUse {
  const { pid } = server;
  const count = (folder: string) => [...Deno.readDirSync(`/proc/${pid}/${folder}`)].length;
  return {
    bytes: server.residentBytes(),
    descriptors: count("fd"),
    threads: count("task"),
  };
}

function most(one: InUse, other: InUse): InUse {
  return {
    bytes: Math.max(one.bytes, other.bytes),
    descriptors: Math.max(one.descriptors, other.descriptors),
    threads: Math.max(one.threads, other.threads),
  };
}

function show(result: Result, markdown: boolean, isFirst: boolean): void {
  if (!markdown) return console.log(JSON.stringify(result));
  const heads = ["server", "good client: reads", "median / 99 % / longest", "later than a minute"]
    .concat(["memory after the first client", "most", "afterwards", "descriptors"]);
  if (isFirst) {
    console.log(
      `One good client beside ${IDLE} idle, ${GREEDY} greedy and ${SLOW} slow ones, and one that ` +
        "is killed every two seconds.\n",
    );
    console.log(`| ${heads.join(" | ")} |`);
    console.log(`| ${heads.map(() => "---").join(" | ")} |`);
  }
  const { name, reads, late, medianMs, p99Ms, longestMs, before, peak, after } = result;
  const mib = (use: InUse | undefined) =>
    use === undefined ? "it has ended" : `${(use.bytes / MIB).toFixed(0)} MiB`;
  const ms = (value?: number) =>
    value === undefined ? "-" : `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  console.log(`| ${
    [
      name,
      String(reads),
      `${ms(medianMs)} / ${ms(p99Ms)} / ${ms(longestMs)}`,
      String(late),
      mib(before),
      mib(peak),
      mib(after),
      [before, peak, after].map((each) => each?.descriptors ?? "-").join(", "),
    ].join(" | ")
  } |`);
}

/** @throws {Error} when blkcache has kept something. */
function checkRest({ before, after, failure }: Result): void {
  if (failure !== undefined) throw new Error(`the good client: ${failure}`);
  if (after === undefined) throw new Error("blkcache has ended");
  if (after.descriptors > before.descriptors + RUNTIME_DESCRIPTORS) {
    throw new Error(`${before.descriptors} descriptors before, ${after.descriptors} after`);
  }
  const growth = after.bytes - before.bytes;
  if (growth > MOST_GROWTH) throw new Error(`memory has grown by ${growth} bytes`);
}

if (import.meta.main) await runBenchmark(settingsFrom(Deno.args), USAGE, main);
