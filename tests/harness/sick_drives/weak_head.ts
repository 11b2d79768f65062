// One of four heads is weak: slow, and a fifth of its clusters fail once and can be read when they are asked again.
import { SickModel, type Timing } from "../sick_model.ts";
import { Random } from "../../model/map_random.ts";
import { zonesOfHead } from "./head_zones.ts";
import { SickDrive } from "./sick_drive.ts";

const CLUSTER = 65_536;
/** How much slower it is than the others. */
const SLOWNESS = 8;

/** A drive with a weak head. */
export class WeakHead extends SickDrive {
  /** Indexes of the clusters that fail the next time. */
  readonly #failing = new Set<number>();

  constructor(size: number, seed: number, timing: Timing) {
    const random = new Random(seed);
    const model = new SickModel(size, 512, { ...timing, slowness: SLOWNESS });
    super(model);
    const heads = { count: 4, isSerpentine: random.once(2) };
    for (const [start, end] of zonesOfHead(size, 512, random.below(4), heads)) {
      model.slowDown(start, end - start);
      for (let at = Math.ceil(start / CLUSTER); at * CLUSTER < end; at++) {
        if (random.once(5)) this.#failing.add(at);
      }
    }
  }

  protected override goodBytes(offset: number, length: number): number {
    let good = length;
    for (let at = Math.floor(offset / CLUSTER); at * CLUSTER < offset + length; at++) {
      if (this.#failing.delete(at)) good = Math.min(good, Math.max(0, at * CLUSTER - offset));
    }
    return good;
  }
}
