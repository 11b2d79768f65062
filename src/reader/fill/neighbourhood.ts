// Where clients have read, the rest of what they are reading is likely to lie: files are mostly contiguous.
// It is filled before anything else, as long as nothing goes wrong there.
import { alignDown } from "../../base/ranges.ts";
import { NON_TRIED } from "../../map/statuses.ts";
import type { PhaseWork } from "./phase_work.ts";
import { CLUSTER, type ReadSize } from "./read_size.ts";
import type { Wanted } from "./wanted.ts";

/** How far behind a client's read, bytes: more than most files, a tenth of a second of a disk. */
const REACH = 8 * 1_048_576;
/** Places that are remembered; clients read in so many at a time. */
const PLACES = 4;

/** A place that a client has read from: [at, end) is to be filled. */
interface Place {
  at: number;
  end: number;
}

/**
 * Fills the areas around recent client reads first, because files are mostly contiguous. Moves
 * neither the map's position nor its pass.
 */
export class Neighbourhood implements PhaseWork {
  readonly #wanted: Wanted;
  readonly #readSize: ReadSize;
  /** The latest one last. */
  readonly #places: Place[] = [];
  offset = 0;
  length = 0;

  constructor(wanted: Wanted, readSize: ReadSize) {
    this.#wanted = wanted;
    this.#readSize = readSize;
  }

  /** A client has read up to `end` from the device. */
  note(end: number): void {
    const known = this.#places.findIndex((place) => place.at <= end && end <= place.end);
    if (known >= 0) this.#places.splice(known, 1);
    else if (this.#places.length === PLACES) this.#places.shift();
    this.#places.push({ at: end, end: Math.min(this.#wanted.map.size, end + REACH) });
  }

  next(): boolean {
    for (let place = this.#places.at(-1); place !== undefined; place = this.#places.at(-1)) {
      if (this.#wanted.next(place.at, NON_TRIED) && this.#wanted.start < place.end) {
        this.#choose(place);
        return true;
      }
      this.#places.pop();
    }
    return false;
  }

  #choose(place: Place): void {
    const { start, end } = this.#wanted;
    const limit = alignDown(start + this.#readSize.limit, CLUSTER);
    this.offset = start;
    this.length = Math.min(end, place.end, limit) - start;
  }

  succeeded(length: number): void {
    this.#places.at(-1)!.at = this.offset + length;
  }

  /** What is behind it is left to the passes. */
  failed(): void {
    this.#places.pop();
  }
}
