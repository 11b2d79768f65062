// Scraping: tries every sector between the bad ones that trimming has found, one at a time, forwards. Narrow
// runs first, as they are mostly good: a wide one is likely to be bad throughout, and can take hours.
import { NON_SCRAPED } from "../../map/statuses.ts";
import type { PhaseWork } from "./phase_work.ts";
import { CLUSTER } from "./read_size.ts";
import { firstSectorEnd } from "./sectors.ts";
import type { Wanted } from "./wanted.ts";

/** The scraping phase: reads every sector of non-scraped areas, narrow areas first. */
export class Scraping implements PhaseWork {
  readonly #wanted: Wanted;
  readonly #sectorSize: number;
  /** Widest run that is tried now, bytes. */
  #widest = CLUSTER;
  offset = 0;
  length = 0;

  constructor(wanted: Wanted, sectorSize: number) {
    this.#wanted = wanted;
    this.#sectorSize = sectorSize;
  }

  next(): boolean {
    const { map } = this.#wanted;
    for (;;) {
      while (this.#wanted.next(map.position, NON_SCRAPED)) {
        const { start, end } = this.#wanted;
        if (end - start <= this.#widest) return this.#choose(start, end);
        map.position = end;
      }
      if (this.#widest === Infinity || !this.#wanted.has(NON_SCRAPED)) return false;
      this.#widest = Infinity;
      map.position = 0;
    }
  }

  #choose(start: number, end: number): true {
    this.offset = start;
    this.length = firstSectorEnd(start, end, this.#sectorSize) - start;
    this.#wanted.map.position = start;
    return true;
  }

  // The map says it all.
  succeeded(): void {}
  failed(): void {}
}
