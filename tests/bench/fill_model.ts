// The same race without a machine in it: the reads that each program makes of a modelled disk, each with the
// time that the model takes for it. ddrescue says what it reads (its test mode); fill is run as it is.

import { FINISHED } from "../../src/map/statuses.ts";
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
