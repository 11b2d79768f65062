// A sick device as a model: what it gives, and how long it takes. Seeded, so that it is the same each time.
import { FileMap } from "../../src/map/file_map.ts";
import { BAD_SECTOR, FINISHED, maskOf } from "../../src/map/statuses.ts";
import { Random } from "../model/map_random.ts";

/** Kinds of sickness, as drives have them. */
export const SICKNESSES = ["scattered", "stretch", "stripes", "slow"] as const;
export type Sickness = typeof SICKNESSES[number];

/** How long reads take, milliseconds. */
export interface Timing {
  /** Each read, and each byte of it. */
  readonly readMs: number;
  readonly byteMs: number;
  /** A read that fails, on top. */
  readonly failureMs: number;
  /** How many times longer a read takes where the device is slow. */
  readonly slowness: number;
}

/** A disk of 100 MB/s with little patience. */
export const QUICK_DISK: Timing = { readMs: 0.05, byteMs: 1e-5, failureMs: 20, slowness: 100 };

/** The memory of a model's maps. */
export interface SharedMaps {
  readonly truth: SharedArrayBuffer;
  readonly slow: SharedArrayBuffer;
}

/** What is wrong where. */
export class SickModel {
  readonly size: number;
  readonly sectorSize: number;
  readonly timing: Timing;
  /** BAD_SECTOR where it cannot be read, else FINISHED. */
  readonly truth: FileMap;
  /** BAD_SECTOR where it is slow, else FINISHED. */
  readonly slow: FileMap;

  /** @param maps of a model in another thread; undefined: nothing is wrong yet. */
  constructor(size: number, sectorSize = 512, timing: Timing = QUICK_DISK, maps?: SharedMaps) {
    this.size = size;
    this.sectorSize = sectorSize;
    this.timing = timing;
    if (maps !== undefined) {
      this.truth = FileMap.attach(maps.truth);
      this.slow = FileMap.attach(maps.slow);
      return;
    }
    this.truth = FileMap.create(size, { sectorSize });
    this.truth.set(0, size, FINISHED);
    this.slow = FileMap.create(size, { sectorSize });
    this.slow.set(0, size, FINISHED);
  }

  /** Its maps, for a model in another thread. */
  get maps(): SharedMaps {
    return { truth: this.truth.buffer, slow: this.slow.buffer };
  }

  /**
   * One with a sickness, in proportion to its size.
   * @param badShare how much of it is bad where bad sectors stand together.
   */
  static make(
    kind: Sickness,
    size: number,
    seed: number,
    { badShare: share = 1 / 256, timing = QUICK_DISK } = {},
  ): SickModel {
    const model = new SickModel(size, 512, timing);
    const random = new Random(seed);
    switch (kind) {
      case "scattered": // one bad sector in 5 MiB
        for (let count = Math.ceil(size / 5_242_880); count > 0; count--) {
          model.spoilSector(random.below(size));
        }
        break;
      case "stretch": // a scratch that is frayed at its end
        model.spoil(Math.floor(size * 0.4), Math.floor(size * share));
        for (let count = 0; count < 20; count++) {
          model.spoilSector(size * 0.4 + size * share * (1 + 2 * random.below(1000) / 1000));
        }
        break;
      case "stripes": // a dead head: a stripe in every sixteenth
        for (let part = 0; part < 16; part++) {
          model.spoil(Math.floor(size * (part + 0.3) / 16), Math.floor(size * share / 16));
        }
        break;
      case "slow": // three weak zones with bad sectors in them
        for (const part of [0.2, 0.5, 0.8]) {
          const start = Math.floor(size * part);
          model.slowDown(start, Math.floor(size / 50));
          for (let count = 0; count < 4; count++) {
            model.spoilSector(start + random.below(size / 50));
          }
        }
    }
    return model;
  }

  /** Makes every sector bad that [offset, offset + length) touches. */
  spoil(offset: number, length: number): void {
    this.#set(this.truth, offset, length);
  }

  /** Makes the sector bad that holds the byte at `offset`. */
  spoilSector(offset: number): void {
    this.spoil(Math.floor(offset), 1);
  }

  slowDown(offset: number, length: number): void {
    this.#set(this.slow, offset, length);
  }

  #set(map: FileMap, offset: number, length: number): void {
    const { sectorSize, size } = this;
    const start = offset - offset % sectorSize;
    const end = Math.ceil((offset + length) / sectorSize) * sectorSize;
    map.set(start, Math.min(size, end), BAD_SECTOR);
  }

  /** Good bytes from `offset` on, up to `length`: 0 when the first sector is bad. */
  goodBytes(offset: number, length: number): number {
    const bad = this.truth.find(offset, offset + length, maskOf(BAD_SECTOR));
    return bad < 0 ? length : bad - offset;
  }

  /** How long a read takes. @param fails it touches a bad sector. */
  tookMs(offset: number, length: number, fails: boolean): number {
    const { readMs, byteMs, failureMs, slowness } = this.timing;
    const slow = this.slow.find(offset, offset + length, maskOf(BAD_SECTOR)) >= 0;
    return (readMs + byteMs * length) * (slow ? slowness : 1) + (fails ? failureMs : 0);
  }

  /** Bytes that can be read at all. */
  get readable(): number {
    return this.truth.total(FINISHED);
  }

  /** As a mapfile with `+` and `-`: for ddrescue's test mode and nbdkit's ddrescue filter. */
  get badMapfile(): string {
    const lines = ["0 + 1"];
    for (const { start, end, status } of this.truth.ranges()) {
      lines.push(`${start} ${end - start} ${status === FINISHED ? "+" : "-"}`);
    }
    return lines.join("\n") + "\n";
  }
}
