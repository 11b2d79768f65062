// Measures `serve --fill` beside GNU ddrescue on simulated sick disks, and prints Markdown tables.

import { formatSize } from "../../src/base/sizes.ts";
import { SickModel, type Sickness, SICKNESSES, type Timing } from "../harness/sick_model.ts";
import { noise } from "../harness/test_folder.ts";
import { filesByBlkcache, filesByDdrescue, latencyOf, makeFileSystem } from "./fill_clients.ts";
import { OUTAGE_KINDS } from "../harness/outages.ts";
import { modelledDdrescue, modelledFill, modelledOutage } from "./fill_model.ts";
import { outageRescuers, type RaceRules, type Rescue, rescueBy, RESCUERS } from "./fill_race.ts";
import { environment } from "./versions.ts";
import { givenOptions, runBenchmark } from "./run_benchmark.ts";
import type { ServedOutage } from "../harness/served_silences.ts";

const MIB = 1_048_576;
/** 100 MB/s; a read that fails takes 30 ms, one in a slow zone 100 times as long as elsewhere. */
const TIMING: Timing = { readMs: 0.05, byteMs: 1e-5, failureMs: 30, slowness: 100 };
/** How much is bad where bad sectors stand together. */
const BAD_SHARE = 1 / 1024;

/** How the disk of the race stops answering. */
const OUTAGES: readonly (readonly [name: string, outage: ServedOutage])[] = [
  ["errors for 4 s, 3 times", { startsMs: [1000, 7000, 13_000], ms: 4000 }],
  ["errors for 4 s after each 25 failures", { failures: 25, ms: 4000 }],
  ["hangs for 4 s, 3 times", { startsMs: [1000, 7000, 13_000], ms: 4000, how: "hangs" }],
  ["not there for 4 s", { startsMs: [1000], ms: 4000, how: "vanishes" }],
  ["errors for ever after 25 failures", { failures: 25, ms: 1e9 }],
];

/** The race on a model, sicknesses to race on in earnest, and what clients have of a fill. */
const PARTS: readonly string[] = ["model", "outages", ...SICKNESSES, "files", "latency"];

const USAGE = `deno run -A tests/bench/fill.ts [OPTIONS]

  --quick        a small disk, marks at 1 s and 5 s: some ten minutes instead of half an hour
  --only LIST    only these parts, separated by commas (${PARTS.join(",")})
  --ddrescue P   the program P, a ddrescue of another version, in the part "outages" as well
  --seed N       of the patterns (1)
  --dir FOLDER   where data and images go (/var/tmp)

Needs root. BLKCACHE names a compiled blkcache; without it the sources are run.`;

interface Settings {
  readonly size: number;
  readonly parts: readonly string[];
  readonly seed: number;
  readonly dir: string;
  /** Programs. */
  readonly otherDdrescues: readonly string[];
  readonly rules: RaceRules;
  /** Of a client that reads. */
  readonly seconds: number;
}

/** @returns undefined when help was asked for. @throws {Error} for what is not understood. */
function parseSettings(args: readonly string[]): Settings | undefined {
  const given = givenOptions(args, USAGE, ["only", "seed", "dir", "ddrescue"], ["quick"]);
  if (given === undefined) return undefined;
  const rules = given.quick
    ? { marksSeconds: [1, 5], limitSeconds: 60 }
    : { marksSeconds: [10, 60], limitSeconds: 200 };
  return {
    size: (given.quick ? 128 : 1024) * MIB,
    parts: given.only === undefined ? PARTS : String(given.only).split(","),
    seconds: given.quick ? 3 : 10,
    seed: Number(given.seed ?? 1),
    dir: String(given.dir ?? "/var/tmp"),
    otherDdrescues: given.ddrescue === undefined ? [] : [String(given.ddrescue)],
    rules,
  };
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function cellsOf(
  rescue: Omit<Rescue, "wronglyBad" | "readsInVain" | "readable">,
  model: SickModel,
): string[] {
  const lost = model.readable - rescue.saved;
  return [
    ...rescue.savedAt.map((bytes) => formatSize(bytes)),
    lost === 0 ? "all" : `all but ${formatSize(lost)}`,
    String(rescue.failingReads),
    rescue.seconds === undefined ? "stopped" : `${rescue.seconds.toFixed(1)} s`,
  ];
}

/** Makes a folder for one measurement and removes it. */
async function inFolder<T>(parent: string, measure: (folder: string) => Promise<T>): Promise<T> {
  const folder = Deno.makeTempDirSync({ dir: parent });
  try {
    return await measure(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function printHeading(...cells: string[]): void {
  console.log(`\n${row(cells)}\n${row(cells.map(() => "---"))}`);
}

function sick(kind: Sickness, { size, seed }: Settings): SickModel {
  return SickModel.make(kind, size, seed, { timing: TIMING, badShare: BAD_SHARE });
}

async function modelled(folder: string, settings: Settings): Promise<void> {
  if (!settings.parts.includes("model")) return;
  const { marksSeconds } = settings.rules;
  const marks = marksSeconds.map((seconds) => `saved after ${seconds} s`);
  printHeading(
    "modelled disk",
    "program",
    ...marks,
    "readable bytes saved",
    "failing reads",
    "time",
  );
  for (const kind of SICKNESSES) {
    const model = sick(kind, settings);
    const ddrescue = await inFolder(
      folder,
      (place) => modelledDdrescue(model, marksSeconds, place),
    );
    const fill = modelledFill(model, marksSeconds);
    console.log(row([kind, "blkcache --fill", ...cellsOf(fill, model)]));
    console.log(row([kind, "ddrescue -d", ...cellsOf(ddrescue, model)]));
  }
}

/** A disk with scattered bad sectors that does not answer now and then. */
function outages(settings: Settings): void {
  if (!settings.parts.includes("outages")) return;
  printHeading(
    "modelled outage, blkcache --fill",
    "called bad and is not",
    "readable bytes saved",
    "reads in vain",
    "failing reads",
    "checks",
    "time",
  );
  const model = sick("scattered", settings);
  for (const kind of OUTAGE_KINDS) {
    const rescue = modelledOutage(kind, model, settings.seed);
    const lost = model.readable - rescue.saved;
    console.log(row([
      kind,
      formatSize(rescue.wronglyBad),
      lost === 0 ? "all" : `all but ${formatSize(lost)}`,
      String(rescue.readsInVain),
      String(rescue.failingReads),
      String(rescue.checkReads),
      `${rescue.seconds.toFixed(1)} s`,
    ]));
  }
}

/** The same in earnest. */
async function outageRace(folder: string, data: string, settings: Settings): Promise<void> {
  if (!settings.parts.includes("outages")) return;
  printHeading(
    "outage",
    "program",
    "called bad and is not",
    "readable bytes saved",
    "failing reads",
    "reads in vain",
    "time",
  );
  const model = sick("scattered", settings);
  const rescuers = await outageRescuers(settings.otherDdrescues);
  for (const [kind, outage] of OUTAGES) {
    for (const rescuer of rescuers) {
      const rescue = await inFolder(
        folder,
        (place) => rescueBy(rescuer, model, data, place, settings.rules, outage),
      );
      const [saved, failing, time] = cellsOf({ ...rescue, savedAt: [] }, model);
      const name = typeof rescuer === "string" ? rescuer : rescuer.name;
      // Reads of a disk that is not there do not reach it, and are not counted.
      const inVain = outage.how === "vanishes" ? "-" : String(rescue.readsInVain);
      const bad = formatSize(rescue.wronglyBad);
      console.log(row([kind, name, bad, saved!, failing!, inVain, time!]));
    }
  }
}

async function race(folder: string, data: string, settings: Settings): Promise<void> {
  const { parts, rules } = settings;
  const kinds = SICKNESSES.filter((kind) => parts.includes(kind));
  if (kinds.length === 0) return;
  const marks = rules.marksSeconds.map((seconds) => `saved after ${seconds} s`);
  printHeading("disk", "program", ...marks, "readable bytes saved", "failing reads", "time");
  for (const kind of kinds) {
    const model = sick(kind, settings);
    for (const rescuer of RESCUERS) {
      const rescue = await inFolder(
        folder,
        (place) => rescueBy(rescuer, model, data, place, rules),
      );
      console.log(row([kind, rescuer, ...cellsOf(rescue, model)]));
    }
  }
}

async function files(folder: string, settings: Settings): Promise<void> {
  if (!settings.parts.includes("files")) return;
  const model = sick("stretch", settings);
  const data = await makeFileSystem(folder, settings.size);
  printHeading("a scratched disk with files", "first file", "ten files");
  for (
    const [name, measure] of [
      ["blkcache --fill --mount, mounted meanwhile", filesByBlkcache],
      ["ddrescue -d, then mounted", filesByDdrescue],
    ] as const
  ) {
    const times = await inFolder(folder, (place) => measure(model, data, place));
    console.log(row([name, `${times.firstFile.toFixed(1)} s`, `${times.tenFiles.toFixed(1)} s`]));
  }
}

async function latency(folder: string, data: string, settings: Settings): Promise<void> {
  const { parts, size, seconds } = settings;
  if (!parts.includes("latency")) return;
  const slower = { ...TIMING, byteMs: 4 * TIMING.byteMs };
  const healthy = new SickModel(size, 512, slower);
  const model = SickModel.make("scattered", size, settings.seed, { timing: slower });
  printHeading(
    "a client's random 4 KiB reads",
    "median",
    "99 %",
    "longest",
    "reads",
    "had meanwhile",
  );
  for (const [disk, name] of [[healthy, "healthy"], [model, "scattered"]] as const) {
    for (const fill of [false, true]) {
      const { median, p99, max, reads, delivered } = await inFolder(
        folder,
        (place) => latencyOf(disk, data, place, { fill, seconds }),
      );
      const ms = [median, p99, max].map((value) => `${value.toFixed(1)} ms`);
      console.log(
        row([`${name}${fill ? " with --fill" : ""}`, ...ms, String(reads), formatSize(delivered)]),
      );
    }
  }
}

async function main(settings: Settings): Promise<void> {
  const { size, seed, dir } = settings;
  using stack = new DisposableStack();
  const folder = Deno.makeTempDirSync({ dir, prefix: "blkcache-bench-" });
  stack.defer(() => Deno.removeSync(folder, { recursive: true }));
  const data = `${folder}/data`;
  Deno.writeFileSync(data, noise(size, seed));
  console.log((await environment()).map((line) => `- ${line}`).join("\n"));
  console.log(`- a disk of ${formatSize(size)}, seed ${seed}, ${JSON.stringify(TIMING)}`);
  await modelled(folder, settings);
  outages(settings);
  await outageRace(folder, data, settings);
  await race(folder, data, settings);
  await files(folder, settings);
  await latency(folder, data, settings);
}

if (import.meta.main) await runBenchmark(parseSettings(Deno.args), USAGE, main);
