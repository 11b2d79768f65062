// Drives with dead heads as models: which zones cannot be read. Seeded, so that they are the same each time.
//
// A drive writes some tracks with one head, then with the next: the bytes of a head lie in zones that return.
import { Random } from "../model/map_random.ts";
import { SickModel } from "./sick_model.ts";

const SECTOR = 512;
const CLUSTER = 65_536;
const MIB = 1_048_576;
const GIB = 1024 * MIB;

/** What a drive of this kind is. */
export interface DeadHeadDrive {
  readonly name: string;
  readonly size: number;
  readonly heads: number;
  /** From 0. */
  readonly dead: readonly number[];
  /** Length of zone `index` of the drive, which begins at `start`: bytes, whole sectors. */
  zoneLength(index: number, start: number, random: Random): number;
  /** Every second round the heads come in the opposite order. */
  readonly isSerpentine?: boolean;
  /** One in so many clusters of a dead head's zone has a bad sector, and the rest can be read. */
  readonly weakness?: number;
  /** Bytes for each bad sector elsewhere. */
  readonly scatter?: number;
  readonly seed: number;
}

/** Makes the model of a drive. */
export function modelOf(drive: DeadHeadDrive): SickModel {
  const { size, heads, dead, isSerpentine = false, weakness, scatter, seed } = drive;
  const model = new SickModel(size, SECTOR);
  const random = new Random(seed);
  for (let start = 0, index = 0; start < size; index++) {
    const length = Math.min(size - start, drive.zoneLength(index, start, random));
    const turn = index % heads;
    const isBackwards = isSerpentine && Math.floor(index / heads) % 2 === 1;
    if (dead.includes(isBackwards ? heads - 1 - turn : turn)) {
      if (weakness === undefined) model.spoil(start, length);
      else weaken(model, start, length, weakness, random);
    }
    start += length;
  }
  for (let count = scatter === undefined ? 0 : Math.floor(size / scatter); count > 0; count--) {
    model.spoilSector(randomOffset(random, size));
  }
  return model;
}

function weaken(
  model: SickModel,
  start: number,
  length: number,
  weakness: number,
  random: Random,
): void {
  for (let at = start; at < start + length; at += CLUSTER) {
    if (random.once(weakness)) {
      model.spoilSector(at + random.below(Math.min(CLUSTER, start + length - at)));
    }
  }
}

function randomOffset(random: Random, size: number): number {
  return Math.floor((random.below(2 ** 26) + 0.5) / 2 ** 26 * size);
}

/** Zones of any length from `least` to `most`. */
function anyLength(least: number, most: number) {
  return (_index: number, _start: number, random: Random) =>
    least + random.below((most - least) / SECTOR + 1) * SECTOR;
}

/** Zones that get shorter from the outer tracks to the inner ones, as `ddrescuelog --make-test` makes them. */
function shrinking(outer: number, inner: number, size: number) {
  return (_index: number, start: number) => {
    const share = start / size;
    return Math.floor((outer - (outer - inner) * share) / SECTOR) * SECTOR;
  };
}

/** Zones of `tracks` tracks, of so many sectors at first and at last, in so many rounds of the heads. */
function zonesOfTracks(
  heads: number,
  tracks: number,
  rounds: number,
  outer: number,
  inner: number,
) {
  return (index: number) => {
    const share = Math.floor(index / heads) / (rounds - 1);
    return Math.floor(outer - (outer - inner) * share) * tracks * SECTOR;
  };
}

/** Bytes of all zones of a drive of `zonesOfTracks`. */
function sizeOf(zoneLength: (index: number) => number, zones: number): number {
  let size = 0;
  for (let index = 0; index < zones; index++) size += zoneLength(index);
  return size;
}

/** As `ddrescuelog --make-test=CYLINDERS:HEADS:OUTER-INNER,TRACKS:FF:DEAD`, sectors for sectors. */
function madeByDdrescuelog(
  name: string,
  cylinders: number,
  heads: number,
  [outer, inner, tracks]: readonly [number, number, number],
  dead: number,
): DeadHeadDrive {
  const rounds = cylinders / tracks;
  const zoneLength = zonesOfTracks(heads, tracks, rounds, outer, inner);
  return {
    name,
    size: sizeOf(zoneLength, rounds * heads),
    heads,
    dead: [dead],
    zoneLength,
    seed: 1,
  };
}

/** A disk of 64 GiB with long zones of any length. */
export const LONG_ZONES: DeadHeadDrive = {
  name: "64 GiB, 4 heads, zones of 48-160 MiB",
  size: 64 * GIB,
  heads: 4,
  dead: [2],
  zoneLength: anyLength(48 * MIB, 160 * MIB),
  seed: 1,
};

/** A disk of 16 GiB with short zones of any length. */
export const SHORT_ZONES: DeadHeadDrive = {
  name: "16 GiB, 4 heads, zones of 4-12 MiB",
  size: 16 * GIB,
  heads: 4,
  dead: [2],
  zoneLength: anyLength(4 * MIB, 12 * MIB),
  seed: 1,
};

/** A disk of 997 GB whose zones are as those of real drives. */
export const LARGE_DISK: DeadHeadDrive = madeByDdrescuelog(
  "997 GB, 4 heads, zones of 366-220 MiB",
  203_000,
  4,
  [3000, 1800, 250],
  2,
);

/** The same, a tenth as large. */
export const TENTH_OF_LARGE_DISK: DeadHeadDrive = madeByDdrescuelog(
  "98 GB, 4 heads, zones of 366-220 MiB",
  20_000,
  4,
  [3000, 1800, 250],
  2,
);

const KINDS = ["plain", "serpentine", "any lengths", "scattered", "weak"] as const;

/** A drive of any geometry. */
export function anyDrive(seed: number): DeadHeadDrive {
  const random = new Random(seed * 7919);
  const kind = KINDS[seed % KINDS.length]!;
  const heads = 2 + random.below(9);
  const dead = new Set<number>();
  for (let count = 1 + random.below(Math.min(3, heads - 1)); count > 0; count--) {
    dead.add(random.below(heads));
  }
  const size = (4 + random.below(13)) * GIB;
  const outer = (4 + random.below(28)) * MIB;
  const inner = Math.floor(outer * (50 + random.below(40)) / 100 / SECTOR) * SECTOR;
  const zoneLength = kind === "any lengths"
    ? anyLength(inner, outer)
    : shrinking(outer, inner, size);
  const order = [...dead].sort((a, b) => a - b);
  return {
    name: `${seed}: ${kind}, ${size / GIB} GiB, heads ${order} of ${heads}, zones of ` +
      `${outer / MIB}-${Math.round(inner / MIB)} MiB`,
    size,
    heads,
    dead: order,
    zoneLength,
    isSerpentine: kind === "serpentine" || (kind !== "plain" && random.once(2)),
    ...(kind === "weak" ? { weakness: 5 } : {}),
    ...(kind === "scattered" ? { scatter: (16 + random.below(100)) * MIB } : {}),
    seed,
  };
}
