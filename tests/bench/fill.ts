// Measures `serve --fill` beside GNU ddrescue on simulated sick disks, and prints Markdown tables.

import { parseArgs } from "@std/cli/parse-args";
import { formatSize } from "../../src/base/sizes.ts";
import { SickModel, SICKNESSES, type Timing } from "../harness/sick_model.ts";
import { noise } from "../harness/test_folder.ts";
import { type RaceRules, type Rescue, rescueBy, RESCUERS } from "./fill_race.ts";
import { environment } from "./versions.ts";

const MIB = 1_048_576;
/** 100 MB/s; a read that fails takes 30 ms, one in a slow zone 100 times as long as elsewhere. */
const TIMING: Timing = { readMs: 0.05, byteMs: 1e-5, failureMs: 30, slowness: 100 };
/** How much is bad where bad sectors stand together. */
const BAD_SHARE = 1 / 1024;

const USAGE = `deno run -A tests/bench/fill.ts [OPTIONS]

  --quick        a small disk, marks at 1 s and 5 s: some five minutes instead of twenty
  --only LIST    only these sicknesses, separated by commas (${SICKNESSES.join(",")})
  --seed N       of the patterns (1)
  --dir FOLDER   where data and images go (/var/tmp)

Needs root. BLKCACHE names a compiled blkcache; without it the sources are run.`;

interface Settings {
  readonly size: number;
  readonly kinds: readonly string[];
  readonly seed: number;
  readonly dir: string;
  readonly rules: RaceRules;
}

/** @returns undefined when help was asked for. @throws {Error} for what is not understood. */
function parseSettings(args: readonly string[]): Settings | undefined {
  const given: Record<string, unknown> = parseArgs([...args], {
    string: ["only", "seed", "dir"],
    boolean: ["quick", "help"],
    unknown: (arg: string) => {
      throw new Error(`unknown argument "${arg}"\n${USAGE}`);
    },
  });
  if (given.help) return undefined;
  const rules = given.quick
    ? { marksSeconds: [1, 5], limitSeconds: 60 }
    : { marksSeconds: [10, 60], limitSeconds: 200 };
  return {
    size: (given.quick ? 128 : 1024) * MIB,
    kinds: given.only === undefined ? SICKNESSES : String(given.only).split(","),
    seed: Number(given.seed ?? 1),
    dir: String(given.dir ?? "/var/tmp"),
    rules,
  };
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function cellsOf(rescue: Rescue, model: SickModel): string[] {
  const lost = model.readable - rescue.saved;
  return [
    ...rescue.savedAt.map((bytes) => formatSize(bytes)),
    lost === 0 ? "all" : `all but ${formatSize(lost)}`,
    String(rescue.failingReads),
    rescue.seconds === undefined ? "stopped" : `${rescue.seconds.toFixed(1)} s`,
  ];
}

async function main({ size, kinds, seed, dir, rules }: Settings): Promise<void> {
  using stack = new DisposableStack();
  const folder = Deno.makeTempDirSync({ dir, prefix: "blkcache-bench-" });
  stack.defer(() => Deno.removeSync(folder, { recursive: true }));
  Deno.writeFileSync(`${folder}/data`, noise(size, seed));
  console.log((await environment()).map((line) => `- ${line}`).join("\n"));
  console.log(`- a disk of ${formatSize(size)}, seed ${seed}, ${JSON.stringify(TIMING)}\n`);
  const marks = rules.marksSeconds.map((seconds) => `saved after ${seconds} s`);
  const heading = ["disk", "program", ...marks, "readable bytes saved", "failing reads", "time"];
  console.log(row(heading));
  console.log(row(heading.map(() => "---")));
  for (const kind of SICKNESSES.filter((known) => kinds.includes(known))) {
    const model = SickModel.make(kind, size, seed, { timing: TIMING, badShare: BAD_SHARE });
    for (const rescuer of RESCUERS) {
      const place = `${folder}/${kind}`;
      Deno.mkdirSync(place);
      const rescue = await rescueBy(rescuer, model, `${folder}/data`, place, rules);
      Deno.removeSync(place, { recursive: true });
      console.log(row([kind, rescuer, ...cellsOf(rescue, model)]));
    }
  }
}

if (import.meta.main) {
  const settings = parseSettings(Deno.args);
  if (settings === undefined) {
    console.log(USAGE);
    Deno.exit(0);
  }
  try {
    await main(settings);
  } catch (error) {
    console.error(error);
    Deno.exit(1);
  }
}
