// Edges: the sectors of failed areas beside bytes that were read. One by one, up to the first bad one, they are
// the likeliest to be good of all that has failed. What lies behind the bad one is left for scraping, as trimming
// leaves it: ddrescue 1.27 ends without scraping when trimming finds nothing to read in what it is for.
import {
  BAD_SECTOR,
  FINISHED,
  maskOf,
  NON_SCRAPED,
  NON_TRIMMED,
  type Status,
} from "../../map/statuses.ts";
import { GrowingRead } from "./growing_read.ts";
import { firstSectorsEnd, lastSectorsStart } from "./wanted.ts";
import type { Wanted } from "./wanted.ts";

/** Every status but BAD_SECTOR. */
const NOT_BAD = 0x1f & ~maskOf(BAD_SECTOR);

/** Which edges are looked for. */
export interface EdgeKind {
  /** NON_TRIMMED or NON_SCRAPED. */
  readonly status: Status;
  /** One bad sector may lie between the edge and what was read: it may be alone. */
  readonly behindBadSector: boolean;
  /** Widest run whose edges count, bytes. */
  readonly widest: number;
}

/** Reads failed runs from their edges, sector by sector. */
export class Edges {
  readonly #wanted: Wanted;
  readonly #sectorSize: number;
  readonly #mark: (start: number, end: number, status: Status) => void;
  readonly #reads: GrowingRead;
  /** Ends of the last read. */
  #start = 0;
  #end = 0;
  offset = 0;
  length = 0;

  /** @param mark changes the map. */
  constructor(
    wanted: Wanted,
    sectorSize: number,
    mark: (start: number, end: number, status: Status) => void,
  ) {
    this.#wanted = wanted;
    this.#sectorSize = sectorSize;
    this.#mark = mark;
    this.#reads = new GrowingRead(sectorSize);
  }

  /** Chooses the read at the first edge of [from, to). @returns where to look on, or -1 when there is none. */
  next(from: number, to: number, kind: EdgeKind): number {
    const { limit } = this.#reads;
    for (let at = from; this.#wanted.next(at, kind.status) && this.#wanted.start < to;) {
      const { start, end } = this.#wanted;
      if (end - start <= kind.widest) {
        if (this.#isGoodBefore(start, kind.behindBadSector)) {
          this.#choose(start, firstSectorsEnd(start, end, this.#sectorSize, limit));
          return start;
        }
        if (this.#isGoodBehind(end, kind.behindBadSector)) {
          this.#choose(lastSectorsStart(start, end, this.#sectorSize, limit), end);
          return start;
        }
      }
      if (this.#isTrimmed(start, end, kind)) this.#mark(start, end, NON_SCRAPED);
      at = end;
    }
    return -1;
  }

  /** An edge of the run has been tried, and none is left. */
  #isTrimmed(start: number, end: number, { status, behindBadSector }: EdgeKind): boolean {
    const { map } = this.#wanted;
    if (status !== NON_TRIMMED || behindBadSector) return false;
    return start > 0 && map.at(start - 1) === BAD_SECTOR ||
      end < map.size && map.at(end) === BAD_SECTOR;
  }

  #choose(start: number, end: number): void {
    if (start !== this.#end && end !== this.#start) this.#reads.leaveRun();
    this.offset = start;
    this.length = end - start;
  }

  #isGoodBefore(start: number, behindBadSector: boolean): boolean {
    const { map } = this.#wanted;
    if (start === 0) return false;
    if (map.at(start - 1) === FINISHED) return true;
    if (!behindBadSector || map.at(start - 1) !== BAD_SECTOR) return false;
    const good = map.findBackward(start, 0, NOT_BAD);
    return good >= start - this.#sectorSize && map.at(good - 1) === FINISHED;
  }

  #isGoodBehind(end: number, behindBadSector: boolean): boolean {
    const { map } = this.#wanted;
    if (end === map.size) return false;
    if (map.at(end) === FINISHED) return true;
    if (!behindBadSector || map.at(end) !== BAD_SECTOR) return false;
    const good = map.find(end, map.size, NOT_BAD);
    return good >= 0 && good <= end + this.#sectorSize && map.at(good) === FINISHED;
  }

  succeeded(length: number): void {
    this.#start = this.offset;
    this.#end = this.offset + length;
    this.#reads.succeeded(length, this.length);
  }

  failed(): void {
    const isWide = this.length > this.#sectorSize;
    this.#start = isWide ? this.offset + this.length : this.offset;
    this.#end = isWide ? this.offset : this.offset + this.length;
    this.#reads.failed(this.length);
  }
}
