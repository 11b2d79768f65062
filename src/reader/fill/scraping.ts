// Scraping: tries every sector between the bad ones that trimming has found, one at a time, forwards. Narrow
// runs first, as they are mostly good: a wide one is likely to be bad throughout, and can take hours. In a run
// that has proved good for long it reads more at once; a longer read that fails leaves the map as it is.
import { NON_SCRAPED } from "../../map/statuses.ts";
import { GrowingRead } from "./growing_read.ts";
import type { PhaseWork } from "./phase_work.ts";
import { CLUSTER } from "./read_size.ts";
import { firstSectorsEnd, type Wanted } from "./wanted.ts";

/** The scraping phase: reads every sector of non-scraped areas, narrow areas first. */
export class Scraping implements PhaseWork {
  readonly #wanted: Wanted;
  readonly #sectorSize: number;
  /** Widest run that is tried now, bytes. */
  #widest = CLUSTER;
  readonly #reads: GrowingRead;
  /** Where the last read has ended. */
  #end = 0;
  offset = 0;
  length = 0;

  constructor(wanted: Wanted, sectorSize: number) {
    this.#wanted = wanted;
    this.#sectorSize = sectorSize;
    this.#reads = new GrowingRead(sectorSize);
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
    if (start !== this.#end) this.#reads.leaveRun();
    this.offset = start;
    this.length = firstSectorsEnd(start, end, this.#sectorSize, this.#reads.limit) - start;
    this.#wanted.map.position = start;
    return true;
  }

  succeeded(length: number): void {
    this.#end = this.offset + length;
    this.#reads.succeeded(length, this.length);
  }

  failed(): void {
    const isWide = this.length > this.#sectorSize;
    this.#end = isWide ? this.offset : this.offset + this.length;
    this.#reads.failed(this.length);
  }
}
