// One rescue of a sick disk by one program: what it has saved by when, and what it asked of the disk.

import { parseMapfile } from "../../src/map/mapfile.ts";
import { mapfileTotals } from "../harness/mapfile_totals.ts";
import { FINISHED } from "../../src/map/statuses.ts";
import type { SickModel } from "../harness/sick_model.ts";
import { blkcacheCommand } from "./servers.ts";
import { fileMapOf } from "../../src/map/mapfile_conversion.ts";
import { wronglyBad } from "./fill_model.ts";
import { SickDisk } from "../harness/sick_disk.ts";
import type { ServedOutage } from "../harness/served_silences.ts";
import { tool } from "../harness/tool.ts";

/** Who can rescue a disk. */
export const RESCUERS = ["blkcache --fill", "ddrescue -d", "ddrescue"] as const;
export type Rescuer = typeof RESCUERS[number] | DdrescueCommand;

/** A ddrescue with its options: its name in the tables, and its command line. */
export interface DdrescueCommand {
  readonly name: string;
  readonly command: readonly string[];
}

/**
 * Who is let loose on a disk that does not answer now and then.
 * @param others programs that are a ddrescue as well, of another version.
 */
export async function outageRescuers(others: readonly string[]): Promise<Rescuer[]> {
  const rescuers: Rescuer[] = ["blkcache --fill"];
  for (const program of ["ddrescue", ...others]) {
    const [line] = (await tool(program, ["--version"])).split("\n");
    const name = `ddrescue ${line!.split(" ").at(-1)}`;
    for (const options of [["-d"], ["-d", "-J"]]) {
      rescuers.push({ name: [name, ...options].join(" "), command: [program, ...options] });
    }
  }
  return rescuers;
}

/** How a rescue went. */
export interface Rescue {
  /** Bytes that the disk had delivered by each mark, each counted once. */
  readonly savedAt: readonly number[];
  /** Bytes in the image at the end. */
  readonly saved: number;
  /** Bytes that can be read at all, or could when they were. */
  readonly readable: number;
  readonly failingReads: number;
  /** Those among them that have failed because the disk did not answer. */
  readonly readsInVain: number;
  /** Bytes that the map calls bad and that are not. */
  readonly wronglyBad: number;
  /** From the first read to the last, seconds; undefined: it was stopped at the limit. */
  readonly seconds: number | undefined;
}

/** When to look, and when to stop. */
export interface RaceRules {
  readonly marksSeconds: readonly number[];
  readonly limitSeconds: number;
}

/** Lets `rescuer` rescue a disk. @param folder of its own. */
export async function rescueBy(
  rescuer: Rescuer,
  model: SickModel,
  data: string,
  folder: string,
  rules: RaceRules,
  outage?: ServedOutage,
): Promise<Rescue> {
  await using disk = await SickDisk.make(model, data, folder, outage);
  return await rescueDisk(rescuer, disk, folder, rules);
}

/** Lets `rescuer` rescue a disk that is there. @param folder of its own. */
export async function rescueDisk(
  rescuer: Rescuer,
  disk: SickDisk,
  folder: string,
  rules: RaceRules,
): Promise<Rescue> {
  const { model } = disk;
  const image = `${folder}/image`;
  const map = `${image}.map`;
  const inTime = await runFor(commandOf(rescuer, disk.path, image), folder, rules);
  const reads = disk.reads();
  const mapfile = parseMapfile(Deno.readTextFileSync(map), map);
  const totals = mapfileTotals(mapfile);
  Deno.removeSync(image);
  const delivered = new Delivered(model);
  const savedAt = rules.marksSeconds.map((seconds) => {
    for (; reads[delivered.count]?.endMs <= seconds * 1000;) delivered.add(reads[delivered.count]);
    return delivered.bytes;
  });
  return {
    savedAt,
    saved: totals[FINISHED],
    readable: model.readable,
    wronglyBad: wronglyBad(model, fileMapOf(mapfile, model.size, map)),
    failingReads: reads.filter(({ good }) => !good).length,
    readsInVain: reads.filter(({ inVain }) => inVain).length,
    seconds: inTime ? (reads.at(-1)?.endMs ?? 0) / 1000 : undefined,
  };
}

/** Counts each sector once, however often it was read. */
class Delivered {
  readonly #sectorSize: number;
  readonly #have: Uint8Array;
  count = 0;
  bytes = 0;

  constructor({ size, sectorSize }: SickModel) {
    this.#sectorSize = sectorSize;
    this.#have = new Uint8Array(Math.ceil(size / sectorSize));
  }

  add({ offset, length, good }: { offset: number; length: number; good: boolean }): void {
    this.count++;
    for (let at = offset; good && at < offset + length; at += this.#sectorSize) {
      const sector = at / this.#sectorSize;
      if (this.#have[sector]++ === 0) this.bytes += this.#sectorSize;
      this.#have[sector] = 1;
    }
  }
}

function commandOf(rescuer: Rescuer, device: string, image: string): string[] {
  if (rescuer !== "blkcache --fill") {
    const command = typeof rescuer === "string" ? rescuer.split(" ") : rescuer.command;
    return [...command, "-q", device, image, `${image}.map`];
  }
  const options = ["--fill", "--exit-when-complete", `--socket=${image}.sock`, "--quiet"];
  return [...blkcacheCommand(), "serve", device, image, ...options];
}

/** @returns false when it had to be stopped. */
async function runFor(
  [name, ...args]: string[],
  cwd: string,
  { limitSeconds }: RaceRules,
): Promise<boolean> {
  const child = new Deno.Command(name, { args, cwd, stdin: "null", stdout: "null" }).spawn();
  let inTime = true;
  const stop = setTimeout(() => {
    inTime = false;
    child.kill("SIGINT");
  }, limitSeconds * 1000);
  await child.status;
  clearTimeout(stop);
  return inTime;
}
