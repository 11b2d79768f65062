// Three bad sectors and nothing else.
import { SickModel, type Timing } from "../sick_model.ts";
import { Random } from "../../model/map_random.ts";
import { SickDrive } from "./sick_drive.ts";

/** Makes the drive. */
export function fewBadSectors(size: number, seed: number, timing: Timing): SickDrive {
  const model = new SickModel(size, 512, timing);
  const random = new Random(seed);
  for (let count = 0; count < 3; count++) model.spoilSector(random.below(size));
  return new SickDrive(model);
}
