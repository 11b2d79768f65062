// Measures `serve --fill` beside GNU ddrescue on drives that remember what they were asked: dead and weak heads, a
// scratched disc, drives that hang, fail, tire and vanish. Prints one Markdown table.

import { formatSize } from "../../src/base/sizes.ts";
import { SICK_DRIVES, type SickDriveName } from "../harness/sick_drives/sick_drives.ts";
import { noise } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";
import { blkcacheCommand } from "./servers.ts";
import { type RaceRules, type Rescue, rescueDisk, type Rescuer } from "./fill_race.ts";
import { givenOptions, runBenchmark } from "./run_benchmark.ts";
import { SickDisk } from "../harness/sick_disk.ts";
import { environment } from "./versions.ts";

const MIB = 1_048_576;
/** A row of a drive that takes longer is stopped: 40 rows take an hour at most. */
const RULES: RaceRules = { marksSeconds: [10, 60], limitSeconds: 90 };
const SIZE = 128 * MIB;
/** The disc gives 1.5 MB/s. */
const DISC_SIZE = 32 * MIB;
const DISC_SECTOR = 2048;

/** What helps ddrescue most, as far as its manual says; none: it has nothing better than -d. */
const BEST_OPTIONS: Readonly<Partial<Record<SickDriveName, readonly string[]>>> = {
  "hangs after failures": ["-r3"],
  "fails for a while after failures": ["-r3"],
  "fails until reopened": ["-O", "-r3"],
  "slow after a failure until rested": ["--pause-on-error=5"],
  "vanishes and returns": ["-O", "-r3"],
};

const USAGE = `deno run -A tests/bench/drives.ts [OPTIONS]

  --ddrescue P   the program P, a ddrescue of another version, as well; it also runs with its best options
  --only LIST    only these drives, separated by commas (${SICK_DRIVES.join(", ")})
  --seed N       of the drives (1)
  --dir FOLDER   where data and images go (/var/tmp)

Needs root; takes up to an hour. BLKCACHE names a compiled blkcache; without it the sources are run.`;

interface Settings {
  readonly drives: readonly SickDriveName[];
  readonly otherDdrescue: string | undefined;
  readonly seed: number;
  readonly dir: string;
}

/** @returns undefined when help was asked for. @throws {Error} for what is not understood. */
function parseSettings(args: readonly string[]): Settings | undefined {
  const given = givenOptions(args, USAGE, ["only", "seed", "dir", "ddrescue"], []);
  if (given === undefined) return undefined;
  const names = given.only === undefined ? SICK_DRIVES : String(given.only).split(",");
  const unknown = names.find((name) => !SICK_DRIVES.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`unknown drive "${unknown}"\n${USAGE}`);
  return {
    drives: SICK_DRIVES.filter((name) => names.includes(name)),
    otherDdrescue: given.ddrescue === undefined ? undefined : String(given.ddrescue),
    seed: Number(given.seed ?? 1),
    dir: String(given.dir ?? "/var/tmp"),
  };
}

async function rescuersOf(drive: SickDriveName, other: string | undefined): Promise<Rescuer[]> {
  const direct = drive === "scratched disc" ? ["-d", `-b${DISC_SECTOR}`] : ["-d"];
  const rescuers: Rescuer[] = ["blkcache --fill"];
  const add = async (program: string, more: readonly string[] = []) => {
    const [line] = (await tool(program, ["--version"])).split("\n");
    const options = [...direct, ...more];
    const name = [`ddrescue ${line!.split(" ").at(-1)}`, ...options].join(" ");
    rescuers.push({ name, command: [program, ...options] });
  };
  await add("ddrescue");
  if (other === undefined) return rescuers;
  await add(other);
  const best = BEST_OPTIONS[drive];
  if (best !== undefined) await add(other, best);
  return rescuers;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function cellsOf(rescue: Rescue, sectorSize: number): string[] {
  const { savedAt, saved, readable, failingReads, wronglyBad, seconds } = rescue;
  return [
    ...savedAt.map((bytes) => formatSize(bytes)),
    saved >= readable ? "all" : `all but ${formatSize(readable - saved)}`,
    String(failingReads),
    String(wronglyBad / sectorSize),
    seconds === undefined ? "stopped" : `${seconds.toFixed(1)} s`,
  ];
}

async function measure(
  rescuer: Rescuer,
  drive: SickDriveName,
  data: string,
  parent: string,
  seed: number,
): Promise<string[]> {
  const folder = Deno.makeTempDirSync({ dir: parent });
  try {
    const { size } = Deno.statSync(data);
    await using disk = await SickDisk.makeDrive({ name: drive, size, seed }, data, folder);
    return cellsOf(await rescueDisk(rescuer, disk, folder, RULES), disk.model.sectorSize);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function main({ drives, otherDdrescue, seed, dir }: Settings): Promise<void> {
  using stack = new DisposableStack();
  const folder = Deno.makeTempDirSync({ dir, prefix: "blkcache-bench-" });
  stack.defer(() => Deno.removeSync(folder, { recursive: true }));
  const data = `${folder}/data`;
  Deno.writeFileSync(data, noise(SIZE, seed));
  const discData = `${folder}/disc`;
  Deno.writeFileSync(discData, noise(DISC_SIZE, seed));
  const programs = [[...blkcacheCommand(), "--version"], ["ddrescue", "--version"]];
  if (otherDdrescue !== undefined) programs.push([otherDdrescue, "--version"]);
  console.log((await environment(programs)).map((line) => `- ${line}`).join("\n"));
  console.log(
    `- drives of ${formatSize(SIZE)}, the disc of ${formatSize(DISC_SIZE)}, seed ${seed}`,
  );
  const marks = RULES.marksSeconds.map((seconds) => `delivered after ${seconds} s`);
  const head = ["drive", "program", ...marks, "readable bytes saved", "failing reads"];
  head.push("sectors called bad that are not", "time");
  console.log(`\n${row(head)}\n${row(head.map(() => "---"))}`);
  for (const drive of drives) {
    for (const rescuer of await rescuersOf(drive, otherDdrescue)) {
      const source = drive === "scratched disc" ? discData : data;
      const cells = await measure(rescuer, drive, source, folder, seed);
      const name = typeof rescuer === "string" ? rescuer : rescuer.name;
      console.log(row([drive, name, ...cells]));
    }
  }
}

if (import.meta.main) await runBenchmark(parseSettings(Deno.args), USAGE, main);
