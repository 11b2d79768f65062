// Trimming: takes the good sectors off both ends of what has failed as a whole, one sector at a time, up to
// the first bad one on either side. What lies between is left for scraping. An end that adjoins a bad sector
// is trimmed already, so the map alone says how far it is. Where failed areas have proved good throughout, it
// reads more at once; a longer read that fails leaves the map as it is.
import { BAD_SECTOR, NON_SCRAPED, NON_TRIMMED } from "../../map/statuses.ts";
import { GrowingRead } from "./growing_read.ts";
import type { PhaseWork } from "./phase_work.ts";
import { firstSectorsEnd, lastSectorsStart, type Wanted } from "./wanted.ts";

/**
 * The trimming phase: reads sectors from both ends of a failed area up to the first bad one on each
 * side.
 */
export class Trimming implements PhaseWork {
  readonly #wanted: Wanted;
  readonly #sectorSize: number;
  readonly #mark: (start: number, end: number, status: number) => void;
  readonly #reads: GrowingRead;
  offset = 0;
  length = 0;

  /** @param mark changes the map. */
  constructor(
    wanted: Wanted,
    sectorSize: number,
    mark: (start: number, end: number, status: number) => void,
  ) {
    this.#wanted = wanted;
    this.#sectorSize = sectorSize;
    this.#mark = mark;
    this.#reads = new GrowingRead(sectorSize);
  }

  next(): boolean {
    const { map } = this.#wanted;
    const { limit } = this.#reads;
    while (this.#wanted.next(map.position, NON_TRIMMED)) {
      const { start, end } = this.#wanted;
      map.position = start;
      if (start === 0 || map.at(start - 1) !== BAD_SECTOR) {
        return this.#choose(start, firstSectorsEnd(start, end, this.#sectorSize, limit));
      }
      if (end === map.size || map.at(end) !== BAD_SECTOR) {
        return this.#choose(lastSectorsStart(start, end, this.#sectorSize, limit), end);
      }
      this.#mark(start, end, NON_SCRAPED);
      map.position = end;
    }
    return false;
  }

  #choose(start: number, end: number): true {
    this.offset = start;
    this.length = end - start;
    return true;
  }

  succeeded(length: number): void {
    this.#reads.succeeded(length, this.length);
  }

  failed(): void {
    this.#reads.failed(this.length);
  }
}
