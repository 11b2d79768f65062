// Retrying: tries each bad sector once more in each pass, the odd ones forwards, the even ones backwards. The
// map's position and pass say how far it is.
import { BAD_SECTOR } from "../../map/statuses.ts";
import type { PhaseWork } from "./phase_work.ts";
import { firstSectorsEnd, lastSectorsStart, type Wanted } from "./wanted.ts";

/** The retrying phase: reads each bad sector once more in each pass. */
export class Retrying implements PhaseWork {
  readonly #wanted: Wanted;
  readonly #sectorSize: number;
  /** Passes that are left to make, the one under way included. */
  passesLeft: number;
  offset = 0;
  length = 0;

  /** @param passes how many to make; one that was begun earlier counts. */
  constructor(wanted: Wanted, sectorSize: number, passes: number) {
    this.#wanted = wanted;
    this.#sectorSize = sectorSize;
    this.passesLeft = passes;
  }

  next(): boolean {
    const { map } = this.#wanted;
    while (this.passesLeft > 0) {
      if (map.pass % 2 === 1) {
        if (this.#wanted.next(map.position, BAD_SECTOR)) return this.#chooseFirst();
      } else if (this.#wanted.previous(map.position, BAD_SECTOR)) return this.#chooseLast();
      this.passesLeft--;
      map.pass++;
      map.position = map.pass % 2 === 1 ? 0 : map.size;
    }
    return false;
  }

  #chooseFirst(): true {
    const { start, end } = this.#wanted;
    this.#choose(start, firstSectorsEnd(start, end, this.#sectorSize));
    this.#wanted.map.position = start;
    return true;
  }

  #chooseLast(): true {
    const { start, end } = this.#wanted;
    this.#choose(lastSectorsStart(start, end, this.#sectorSize), end);
    this.#wanted.map.position = end;
    return true;
  }

  #choose(start: number, end: number): void {
    this.offset = start;
    this.length = end - start;
  }

  succeeded(): void {
    this.failed();
  }

  failed(): void {
    const { map } = this.#wanted;
    map.position = map.pass % 2 === 1 ? this.offset + this.length : this.offset;
  }
}
