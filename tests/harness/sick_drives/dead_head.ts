// One of four heads reads nothing any more.
import { SickModel, type Timing } from "../sick_model.ts";
import { Random } from "../../model/map_random.ts";
import { zonesOfHead } from "./head_zones.ts";
import { SickDrive } from "./sick_drive.ts";

/** Makes the drive; the seed decides which head it is, and the order of the heads. */
export function deadHead(size: number, seed: number, timing: Timing): SickDrive {
  const random = new Random(seed);
  const model = new SickModel(size, 512, timing);
  const heads = { count: 4, isSerpentine: random.once(2) };
  for (const [start, end] of zonesOfHead(size, 512, random.below(4), heads)) {
    model.spoil(start, end - start);
  }
  return new SickDrive(model);
}
