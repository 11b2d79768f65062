// Trimming: takes the good sectors off both ends of what has failed as a whole, one sector at a time, up to
// the first bad one on either side. What lies between is left for scraping. An end that adjoins a bad sector
// is trimmed already, so the map alone says how far it is.
import { BAD_SECTOR, NON_SCRAPED, NON_TRIMMED } from "../../map/statuses.ts";
import type { PhaseWork } from "./phase_work.ts";
import { firstSectorEnd, lastSectorStart } from "./sectors.ts";
import type { Wanted } from "./wanted.ts";

/**
 * The trimming phase: reads sectors from both ends of a failed area up to the first bad one on each
 * side.
 */
export class Trimming implements PhaseWork {
  readonly #wanted: Wanted;
  readonly #sectorSize: number;
  readonly #mark: (start: number, end: number, status: number) => void;
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
  }

  next(): boolean {
    const { map } = this.#wanted;
    while (this.#wanted.next(map.position, NON_TRIMMED)) {
      const { start, end } = this.#wanted;
      map.position = start;
      if (start === 0 || map.at(start - 1) !== BAD_SECTOR) {
        return this.#choose(start, firstSectorEnd(start, end, this.#sectorSize));
      }
      if (end === map.size || map.at(end) !== BAD_SECTOR) {
        return this.#choose(lastSectorStart(start, end, this.#sectorSize), end);
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

  // The map says it all.
  succeeded(): void {}
  failed(): void {}
}
