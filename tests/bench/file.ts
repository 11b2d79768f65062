// Measures a device that is shown as a file: blkcache's own FUSE beside nbdfuse over nbdkit. Everything is cached
// by then; what the kernel has kept of the file is dropped before each reading. Needs root.

import { tool, until } from "../harness/tool.ts";
import { type BenchOptions, parseBenchOptions, USAGE } from "./bench_options.ts";
import { writeRandom } from "./bench.ts";
import { Measurements } from "./measurements.ts";
import { type Row, type RowSettings, seconds } from "./rows.ts";
import { runBenchmark } from "./run_benchmark.ts";
import { RunningServer } from "./running_server.ts";
import { BLKCACHE, NBDKIT_FILE, type Server } from "./servers.ts";
import { environment } from "./versions.ts";

/** In each server's folder. */
const FILE = "file";

const BLKCACHE_MOUNT: Server = {
  name: "blkcache mount",
  command: (source, folder) => [...BLKCACHE.command(source, folder), `--mount=${folder}/${FILE}`],
};
const NBDFUSE: Server = { ...NBDKIT_FILE, name: "nbdfuse on nbdkit file" };

function ddRow(key: string, title: string, ...flags: string[]): Row {
  return {
    key,
    title,
    unit: "MB/s",
    moreIsBetter: true,
    async measure({ folder }, { size }) {
      const input = `if=${folder}/${FILE}`;
      await tool("dd", [input, "iflag=nocache", "count=0", "status=none"]);
      const args = [input, "of=/dev/null", "bs=1M", "status=none", ...flags];
      return { value: size / 1e6 / await seconds("dd", ...args) };
    },
  };
}

function fioRow(key: string, title: string, jobs: number, direct: boolean): Row {
  return {
    key,
    title,
    unit: "IOPS",
    moreIsBetter: true,
    async measure({ folder }, settings) {
      const output = `${folder}/fio.json`;
      await tool("fio", [
        ...["--name=bench", "--ioengine=psync", `--filename=${folder}/${FILE}`, "--readonly"],
        ...["--rw=randread", "--bs=4k", `--numjobs=${jobs}`, "--group_reporting", "--invalidate=1"],
        ...[`--direct=${direct ? 1 : 0}`, "--time_based", `--runtime=${settings.seconds}`],
        ...["--output-format=json", `--output=${output}`],
      ]);
      return { value: JSON.parse(Deno.readTextFileSync(output)).jobs[0].read.iops };
    },
  };
}

const ROWS: readonly Row[] = [
  ddRow("dd", "dd bs=1M"),
  ddRow("dd-direct", "dd bs=1M iflag=direct", "iflag=direct"),
  fioRow("4k", "4 KiB random, fio psync", 1, false),
  fioRow("4k-direct", "4 KiB random, fio psync, O_DIRECT", 1, true),
  fioRow("4k-jobs4", "4 KiB random, O_DIRECT, 4 at a time", 4, true),
];

/** Starts what shows the file, reads all of it once, and measures. */
async function measure(
  server: Server,
  source: string,
  settings: RowSettings,
  folder: string,
  table: Measurements,
  rows: readonly Row[],
): Promise<void> {
  await using running = await RunningServer.start(server, source, folder);
  const file = `${running.folder}/${FILE}`;
  await using stack = new AsyncDisposableStack();
  if (server === NBDFUSE) {
    Deno.writeTextFileSync(file, "");
    const child = new Deno.Command("nbdfuse", { args: ["-r", file, running.uri] }).spawn();
    stack.defer(async () => {
      await tool("umount", [file]);
      await child.status;
    });
  }
  await until("the file is shown", () => isShown(file, settings.size));
  await tool("cmp", [source, file]);
  await tool("sync", []);
  for (const row of rows) table.add(row, server.name, await row.measure(running, settings));
}

function isShown(file: string, size: number): boolean {
  try {
    return Deno.statSync(file).size === size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function main(options: BenchOptions): Promise<void> {
  const rows = ROWS.filter(({ key }) =>
    options.rows.length === 0 || options.rows.some((row) => key.startsWith(row))
  );
  const servers = [BLKCACHE_MOUNT, NBDFUSE];
  const table = new Measurements("as a file", rows, servers.map(({ name }) => name));
  const folder = Deno.makeTempDirSync({ dir: options.dir, prefix: "blkcache-bench-" });
  try {
    const source = `${folder}/source`;
    writeRandom(source, options.size);
    for (let round = 0; round < options.rounds; round++) {
      const inTurn = round % 2 === 0 ? servers : servers.toReversed();
      for (const server of inTurn) await measure(server, source, options, folder, table, rows);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  console.log((await environment()).map((line) => `- ${line}`).join("\n") + "\n");
  console.log(table.markdown());
}

if (import.meta.main) await runBenchmark(parseBenchOptions(Deno.args), USAGE, main);
