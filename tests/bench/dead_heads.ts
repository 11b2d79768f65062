// Counts failing reads on drives with dead heads, of `serve --fill` and of GNU ddrescue, at shares of what can
// be read, and prints a Markdown table. Both are simulated: no device, and no clock but the model's.

import { formatSize } from "../../src/base/sizes.ts";
import {
  anyDrive,
  type DeadHeadDrive,
  LARGE_DISK,
  LONG_ZONES,
  modelOf,
  SHORT_ZONES,
  TENTH_OF_LARGE_DISK,
} from "../harness/dead_head_drive.ts";
import type { SickModel } from "../harness/sick_model.ts";
import { tool } from "../harness/tool.ts";
import { CountedFill, ShareCounter, SHARES } from "../unit/reader/counted_fill.ts";
import { givenOptions, runBenchmark } from "./run_benchmark.ts";

const OTHERS = 30;

const USAGE = `deno run -A tests/bench/dead_heads.ts [OPTIONS]

  --ddrescue P   the program P, a ddrescue (ddrescue)
  --only LIST    only these, separated by commas: long, short, large, tenth, or numbers of seeds
  --large        the disk of 997 GB as well: some minutes
  --programs L   only these, separated by commas: blkcache,ddrescue
  --json         the counts of each program as JSON, a line a drive
  --dir FOLDER   where the logs of ddrescue go, up to 1 GB (/var/tmp)`;

const NAMED: Readonly<Record<string, DeadHeadDrive>> = {
  long: LONG_ZONES,
  short: SHORT_ZONES,
  tenth: TENTH_OF_LARGE_DISK,
  large: LARGE_DISK,
};

interface Settings {
  readonly drives: readonly DeadHeadDrive[];
  readonly programs: readonly string[];
  readonly ddrescue: string;
  readonly json: boolean;
  readonly dir: string;
}

function parseSettings(args: readonly string[]): Settings | undefined {
  const flags = ["large", "json"];
  const given = givenOptions(args, USAGE, ["only", "ddrescue", "dir", "programs"], flags);
  if (given === undefined) return undefined;
  const named = ["long", "short", "tenth", ...(given.large ? ["large"] : [])];
  const seeds = Array.from({ length: OTHERS }, (_, index) => String(index + 1));
  const chosen = given.only === undefined ? [...named, ...seeds] : String(given.only).split(",");
  return {
    drives: chosen.map((name) => NAMED[name] ?? anyDrive(Number(name))),
    programs: String(given.programs ?? "blkcache,ddrescue").split(","),
    ddrescue: String(given.ddrescue ?? "ddrescue"),
    json: Boolean(given.json),
    dir: String(given.dir ?? "/var/tmp"),
  };
}

/** Failing reads of ddrescue at each of SHARES. Its test mode reads nothing: the device is /dev/zero. */
async function countDdrescue(
  program: string,
  model: SickModel,
  folder: string,
): Promise<readonly number[]> {
  const bad = `${folder}/bad`;
  const log = `${folder}/reads`;
  Deno.writeTextFileSync(bad, model.badMapfile);
  // Bad sectors of dead zones are scraped for hours, and nothing comes of it where no cluster has good ones.
  const options = ["-q", "-f", `-s${model.size}`, `-H${bad}`, `--log-reads=${log}`];
  const counts = await countRun(program, [...options, "-n"], folder, model);
  return counts.length === SHARES.length ? counts : await countRun(program, options, folder, model);
}

async function countRun(
  program: string,
  options: readonly string[],
  folder: string,
  model: SickModel,
): Promise<readonly number[]> {
  const map = `${folder}/map`;
  await tool(program, [...options, "/dev/zero", "/dev/null", map], { patienceMs: 900_000 });
  Deno.removeSync(map);
  const counter = new ShareCounter(model.readable);
  using file = Deno.openSync(`${folder}/reads`);
  const lines = file.readable.pipeThrough(new TextDecoderStream());
  let rest = "";
  for await (const text of lines) {
    const chunk = rest + text;
    const end = chunk.lastIndexOf("\n") + 1;
    for (const line of chunk.slice(0, end).split("\n")) {
      if (!line.startsWith("0x")) continue;
      counter.note(Number(line.split("\t")[2]));
      if (counter.isDone) return counter.counts;
    }
    rest = chunk.slice(end);
  }
  return counter.counts;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

async function main({ drives, programs, ddrescue, json, dir }: Settings): Promise<void> {
  using stack = new DisposableStack();
  const folder = Deno.makeTempDirSync({ dir, prefix: "blkcache-bench-" });
  stack.defer(() => Deno.removeSync(folder, { recursive: true }));
  const shares = SHARES.map((share) => share === 1 ? "all" : `${share * 100} %`);
  const [version] = (await tool(ddrescue, ["--version"])).split("\n");
  const name = `ddrescue ${version!.split(" ").at(-1)}`;
  if (!json) {
    console.log(row(["drive", "readable", "program", ...shares]));
    console.log(row(Array(3 + shares.length).fill("---")));
  }
  for (const drive of drives) {
    const model = modelOf(drive);
    const print = (program: string, counts: readonly number[]) =>
      console.log(
        json
          ? JSON.stringify({ drive: drive.name, program, counts })
          : row([drive.name, formatSize(model.readable), program, ...counts.map(String)]),
      );
    if (programs.includes("blkcache")) {
      print("blkcache --fill", new CountedFill(model).countAtShares());
    }
    if (programs.includes("ddrescue")) {
      print(name, await countDdrescue(ddrescue, model, folder));
    }
  }
}

if (import.meta.main) await runBenchmark(parseSettings(Deno.args), USAGE, main);
