// A drive that each failing read hurts: every second one costs another sector nearby that nobody has read yet.
import { FileMap } from "../../../src/map/file_map.ts";
import { FINISHED, maskOf } from "../../../src/map/statuses.ts";
import { SickModel, type Timing } from "../sick_model.ts";
import { Random } from "../../model/map_random.ts";
import { SickDrive } from "./sick_drive.ts";

const SECTOR = 512;
/** How far from the failure the next sector dies, bytes. */
const REACH = 1_048_576;
/** Bad sectors at the beginning: one in so many bytes. */
const BYTES_PER_BAD_SECTOR = 4_194_304;

/** A drive that gets worse with each failing read. */
export class Worsening extends SickDrive {
  readonly #random: Random;
  /** What was read, once: FINISHED. It may die as well, but that changes nothing. */
  readonly #delivered: FileMap;

  constructor(size: number, seed: number, timing: Timing) {
    super(new SickModel(size, SECTOR, timing));
    this.#random = new Random(seed);
    this.#delivered = FileMap.create(size, { sectorSize: SECTOR });
    for (let count = Math.ceil(size / BYTES_PER_BAD_SECTOR); count > 0; count--) {
      this.model.spoilSector(this.#random.below(size));
    }
  }

  protected override failed(offset: number): void {
    if (!this.#random.once(2)) return;
    const { size } = this.model;
    const place = Math.max(0, Math.min(size - 1, offset - REACH + this.#random.below(2 * REACH)));
    const sector = place - place % SECTOR;
    const isRead = this.#delivered.find(sector, Math.min(size, sector + SECTOR), maskOf(FINISHED));
    if (isRead < 0) this.model.spoilSector(sector);
  }

  protected override delivered(offset: number, length: number): void {
    this.#delivered.set(offset, offset + length, FINISHED);
  }
}
