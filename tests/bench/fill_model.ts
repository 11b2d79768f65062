// The same race without a machine in it: the reads that each program makes of a modelled disk, each with the
// time that the model takes for it. ddrescue says what it reads (its test mode); fill is run as it is.

import type { FileMap } from "../../src/map/file_map.ts";
import { BAD_SECTOR, FINISHED } from "../../src/map/statuses.ts";
import { type OutageKind, Outages } from "../harness/outages.ts";
import type { SickModel } from "../harness/sick_model.ts";
import { tool } from "../harness/tool.ts";
import { SimulatedFill } from "../unit/reader/simulated_fill.ts";

/** How a modelled rescue goes. */
export interface ModelledRescue {
  /** Bytes saved by each mark. */
  readonly savedAt: readonly number[];
  readonly saved: number;
  readonly failingReads: number;
  readonly seconds: number;
}

export function modelledFill(model: SickModel, marksSeconds: readonly number[]): ModelledRescue {
  const fill = new SimulatedFill(model);
  const savedAt = marksSeconds.map((seconds) => fill.savedAt(seconds * 1000));
  fill.run();
  return {
    savedAt,
    saved: fill.map.total(FINISHED),
    failingReads: fill.failingReads,
    seconds: fill.nowMs / 1000,
  };
}

/** How a modelled rescue goes whose disk does not answer now and then. */
export interface ModelledOutage {
  /** Bytes called bad that are not. */
  readonly wronglyBad: number;
  readonly saved: number;
  /** Reads that met an outage. */
  readonly readsInVain: number;
  readonly failingReads: number;
  /** Reads of known good sectors, to see whether it answers. */
  readonly checkReads: number;
  readonly seconds: number;
}

/** With a disk that never answers again it is given up after ten minutes. */
export function modelledOutage(kind: OutageKind, model: SickModel, seed: number): ModelledOutage {
  const spanMs = new SimulatedFill(model).run().nowMs;
  const outages = new Outages(kind, seed, spanMs, model.timing.failureMs);
  const fill = new SimulatedFill(model, { outages });
  fill.run(() => kind === "for ever" && fill.nowMs - (fill.silences[0] ?? Infinity) > 600_000);
  return {
    wronglyBad: wronglyBad(model, fill.map),
    saved: fill.map.total(FINISHED),
    readsInVain: outages.readsInVain,
    failingReads: fill.failingReads,
    checkReads: fill.checkReads,
    seconds: fill.nowMs / 1000,
  };
}

/** Bytes that `map` calls bad and that are not. */
export function wronglyBad(model: SickModel, map: FileMap): number {
  let bytes = 0;
  for (const { start, end, status } of model.truth.ranges()) {
    if (status === BAD_SECTOR) continue;
    for (const run of map.ranges(start, end)) {
      if (run.status === BAD_SECTOR) bytes += run.end - run.start;
    }
  }
  return bytes;
}

/** @param folder of its own. */
export async function modelledDdrescue(
  model: SickModel,
  marksSeconds: readonly number[],
  folder: string,
): Promise<ModelledRescue> {
  Deno.writeTextFileSync(`${folder}/bad`, model.badMapfile);
  for (const name of ["device", "image"]) {
    using file = Deno.createSync(`${folder}/${name}`);
    file.truncateSync(model.size);
  }
  const log = `${folder}/reads`;
  const files = ["device", "image", "map"].map((name) => `${folder}/${name}`);
  await tool("ddrescue", ["-q", `-H${folder}/bad`, `--log-reads=${log}`, ...files]);
  const savedAt = marksSeconds.map(() => 0);
  let [ms, saved, failingReads] = [0, 0, 0];
  for (const line of Deno.readTextFileSync(log).split("\n")) {
    const [, offset, length, copied] = /^(0x\S+)\t(\d+)\t(\d+)\t/.exec(line) ?? [];
    if (offset === undefined) continue;
    const failed = copied === "0";
    ms += model.tookMs(Number(offset), Number(length), failed);
    saved += Number(copied);
    if (failed) failingReads++;
    marksSeconds.forEach((mark, index) => {
      if (ms <= mark * 1000) savedAt[index] = saved;
    });
  }
  return { savedAt, saved, failingReads, seconds: ms / 1000 };
}
