// Measures what clients get of a disk with one bad sector, and what it costs the disk, with different servers
// between them. Prints a table.

import { parseMapfile } from "../../src/map/mapfile.ts";
import { mapfileTotals } from "../harness/mapfile_totals.ts";
import { BAD_SECTOR, FINISHED } from "../../src/map/statuses.ts";
import { textTable } from "../../src/ui/text_layout.ts";
import { FailingDevice } from "../harness/failing_device.ts";
import { wholeDevice } from "../harness/nbd_client.ts";
import { noise } from "../harness/test_folder.ts";
import { type Answers, askAll, type Reads } from "./bad_sector_client.ts";
import { type Subject, SUBJECTS } from "./bad_sector_servers.ts";
import { markdownTable } from "./measurements.ts";
import { RunningServer } from "./running_server.ts";
import { blkcacheCommand } from "./servers.ts";
import { environment } from "./versions.ts";
import { givenOptions, runBenchmark } from "./run_benchmark.ts";

const MIB = 1_048_576;
const SIZE = 4 * MIB;
const SECTOR = 512;
/** What is read, and the bad sector in it. */
const START = 2 * MIB;
const LENGTH = 65_536;
const BAD = START + 53 * SECTOR;
/** Where all is well, asked for on the same connection after the failure. */
const ELSEWHERE = 3 * MIB;
/** How often it is asked for again. */
const AGAIN = 10;

const USAGE = `deno run -A tests/bench/bad_sector.ts [OPTIONS]

  --quick         blkcache and nbdkit's cache filter only
  --only LIST     only servers whose name begins with one of these, separated by commas
  --dir FOLDER    where data and images go (/var/tmp)
  --markdown      a Markdown table

Needs root. BLKCACHE names a compiled blkcache; without it the sources are run.`;

const QUICK = "blkcache,nbdkit cache";

interface Settings {
  readonly subjects: readonly Subject[];
  readonly dir: string;
  readonly markdown: boolean;
}

/** @returns undefined when help was asked for. @throws {Error} for what is not understood. */
function parseSettings(args: readonly string[]): Settings | undefined {
  const given = givenOptions(args, USAGE, ["only", "dir"], ["quick", "markdown"]);
  if (given === undefined) return undefined;
  const wanted = String(given.only ?? (given.quick ? QUICK : "")).split(",");
  return {
    subjects: SUBJECTS.filter(({ name }) => wanted.some((start) => name.startsWith(start))),
    dir: String(given.dir ?? "/var/tmp"),
    markdown: given.markdown === true,
  };
}

/** What was measured with one server. Bytes, and reads of the disk that have failed. */
interface Result {
  /** The first read of 64 KiB. */
  readonly first: Answers;
  readonly survived: boolean;
  /** The same bytes, sector by sector. */
  readonly sectors: Answers;
  /** Before anybody asks, for the first read, for ten more, sector by sector. */
  readonly failedReads: readonly number[];
  /** What the record says of the disk afterwards; undefined: there is none. */
  readonly record: readonly number[] | undefined;
}

/** Measures one server. */
async function measure({ serve }: Subject, data: string, folder: string): Promise<Result> {
  await using device = await FailingDevice.make(data, { bad: [[BAD, SECTOR]] });
  device.source.mark();
  const map = `${Deno.makeTempDirSync({ dir: folder })}/map`;
  const failedReads: number[] = [];
  const count = () => {
    const before = failedReads.reduce((sum, reads) => sum + reads, 0);
    failedReads.push(device.source.failedReads().length - before);
  };
  const around: Reads = [[START, LENGTH]];
  let first: Answers, sectors: Answers, survived: boolean;
  {
    await using server = await RunningServer.start(serve(map), device.path, folder);
    count();
    const { uri } = server;
    const answers = await askAll(uri, [...around, [ELSEWHERE, 4096]], data, { once: true });
    survived = !answers.lostConnection && answers.reads[1]?.errno === 0;
    first = { ...answers, reads: answers.reads.slice(0, 1) };
    count();
    await askAll(uri, Array.from({ length: AGAIN }, () => around[0]), data);
    count();
    const each: Reads = wholeDevice(LENGTH, SECTOR).map(([at, length]) => [START + at, length]);
    sectors = await askAll(uri, each, data);
    count();
  }
  const record = isFile(map)
    ? mapfileTotals(parseMapfile(Deno.readTextFileSync(map), map))
    : undefined;
  return { first, survived, sectors, failedReads, record };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Bytes that are as the disk has them, and that are not, though no error says so. */
function formatBytes({ reads }: Answers): string {
  const good = reads.reduce((sum, { good, wrong }) => sum + good - wrong, 0);
  const wrong = reads.reduce((sum, { wrong }) => sum + wrong, 0);
  return wrong === 0 ? digits(good) : `${digits(good)} and ${digits(wrong)} wrong`;
}

function formatRecord(record: readonly number[] | undefined): string {
  if (record === undefined) return "none";
  const had = record[FINISHED];
  const bad = record[BAD_SECTOR];
  const rest = record.reduce((sum, bytes) => sum + bytes, 0) - had - bad;
  return `${digits(had)} read, ${digits(bad)} bad` + (rest > 0 ? `, ${digits(rest)} left` : "");
}

function digits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function table(rows: readonly (readonly [name: string, Result])[], markdown: boolean): string {
  const head = [
    "between disk and client",
    "one read of 64 KiB: good bytes",
    "connection",
    "sector by sector: good bytes",
    "failing reads of the disk: before",
    "for the one",
    `for ${AGAIN} more`,
    "for the sectors",
    "in all",
    "the record",
  ];
  const lines = rows.map(([name, { first, survived, sectors, failedReads, record }]) => [
    name,
    formatBytes(first),
    survived ? "kept" : "lost",
    formatBytes(sectors),
    ...failedReads.map(String),
    String(failedReads.reduce((sum, reads) => sum + reads, 0)),
    formatRecord(record),
  ]);
  if (markdown) return markdownTable(head, lines);
  return textTable([head, ...lines], head.map(() => "left")).join("\n");
}

async function main({ subjects, dir, markdown }: Settings): Promise<void> {
  using stack = new DisposableStack();
  // A short name: there are sockets below it.
  const folder = Deno.makeTempDirSync({ dir, prefix: "bench-" });
  stack.defer(() => Deno.removeSync(folder, { recursive: true }));
  const data = `${folder}/data`;
  // No byte is 0: an image has zeros where nothing could be read.
  Deno.writeFileSync(data, noise(SIZE, 1).map((byte) => byte | 1));
  const programs = [blkcacheCommand(), ["nbdkit"], ["qemu-nbd"], ["ddrescue"]];
  const about = await environment(programs.map((command) => [...command, "--version"]));
  console.log(about.map((line) => `- ${line}`).join("\n") + "\n");
  const rows: [string, Result][] = [];
  for (const subject of subjects) {
    rows.push([subject.name, await measure(subject, data, folder)]);
  }
  console.log(table(rows, markdown));
}

if (import.meta.main) await runBenchmark(parseSettings(Deno.args), USAGE, main);
