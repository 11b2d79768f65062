// Bad sectors as devices have them, for random runs.
import type { Random } from "./map_random.ts";

/** Indexes, below `sectors`, of sectors that cannot be read. May be empty. */
export function badSectors(random: Random, sectors: number): Set<number> {
  const bad = new Set<number>();
  const addRun = (first: number, length: number) => {
    const end = Math.min(sectors, first + length);
    for (let sector = Math.max(0, first); sector < end; sector++) bad.add(sector);
  };
  switch (random.below(9)) {
    case 0: // scattered
      for (let count = random.below(1 + sectors / 8); count > 0; count--) {
        bad.add(random.below(sectors));
      }
      break;
    case 1: // clusters
      for (let count = 1 + random.below(4); count > 0; count--) {
        addRun(random.below(sectors), 1 + random.below(1 + sectors / 6));
      }
      break;
    case 2: { // every n-th
      const step = 2 + random.below(5);
      for (let sector = random.below(step); sector < sectors; sector += step) bad.add(sector);
      break;
    }
    case 3: // the edges
      addRun(0, random.below(4));
      addRun(sectors - random.below(4), sectors);
      break;
    case 4: // all but a few
      addRun(0, sectors);
      for (let count = random.below(6); count > 0; count--) bad.delete(random.below(sectors));
      break;
    case 5: // one
      bad.add(random.below(sectors));
      break;
    case 6: // one wide stretch
      addRun(random.below(sectors), 2 + random.below(sectors));
      break;
    case 7: // half of them
      for (let sector = 0; sector < sectors; sector++) if (random.once(2)) bad.add(sector);
      break;
    default: // pairs and singles
      for (let sector = random.below(8); sector < sectors; sector += 3 + random.below(20)) {
        addRun(sector, 1 + random.below(2));
      }
  }
  return bad;
}

/** Maximal runs of neighbours. */
export function stretchCount(bad: ReadonlySet<number>): number {
  let count = 0;
  for (const sector of bad) if (!bad.has(sector - 1)) count++;
  return count;
}
