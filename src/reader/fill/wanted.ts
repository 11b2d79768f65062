// Finds what is left to do: runs of one status within the domain. Pure; the map may change between calls.
import { type Extent, type FileMap } from "../../map/file_map.ts";
import { FINISHED, maskOf, type Status } from "../../map/statuses.ts";
import { alignDown, alignUp } from "../../base/ranges.ts";

/** The part of a device that is to be filled. */
export class Wanted {
  readonly map: FileMap;
  readonly #domain: FileMap | undefined;
  readonly #extent: Extent = { end: 0, status: 0 };
  /** What the last search has found, bytes. */
  start = 0;
  end = 0;

  /** @param domain what is FINISHED in it is to be filled; undefined: all of the device. */
  constructor(map: FileMap, domain?: FileMap) {
    this.map = map;
    this.#domain = domain;
  }

  /** Finds the first run of `status` at or behind `from`, cut to begin there. @returns false if none. */
  next(from: number, status: Status): boolean {
    const { map } = this;
    const domain = this.#domain;
    for (let at = from; at < map.size;) {
      const start = map.find(at, map.size, maskOf(status));
      if (start < 0) return false;
      const inside = domain?.find(start, map.size, maskOf(FINISHED)) ?? start;
      if (inside < 0) return false;
      if (inside === start) {
        this.start = start;
        this.end = this.#runEnd(start, this.#runEnd(start, map.size, map), domain);
        return true;
      }
      at = inside;
    }
    return false;
  }

  /** Finds the last run of `status` before `to`, cut to end there. @returns false if none. */
  previous(to: number, status: Status): boolean {
    const { map } = this;
    const domain = this.#domain;
    for (let at = to; at > 0;) {
      const end = map.findBackward(at, 0, maskOf(status));
      if (end < 0) return false;
      const inside = domain?.findBackward(end, 0, maskOf(FINISHED)) ?? end;
      if (inside < 0) return false;
      if (inside === end) {
        this.end = end;
        this.start = Math.max(
          this.#runStart(end, map, status),
          domain === undefined ? 0 : this.#runStart(end, domain, FINISHED),
        );
        return true;
      }
      at = inside;
    }
    return false;
  }

  /** Whether there is anything of `status` in the domain. Leaves `start` and `end` where it found it. */
  has(status: Status): boolean {
    return this.next(0, status);
  }

  #runEnd(at: number, limit: number, map: FileMap | undefined): number {
    if (map === undefined) return limit;
    map.extentAt(at, limit, this.#extent);
    return this.#extent.end;
  }

  /** Where the run of `status` begins whose last byte is before `end`. */
  #runStart(end: number, map: FileMap, status: Status): number {
    const others = 0x1f & ~maskOf(status);
    return Math.max(0, map.findBackward(end, 0, others));
  }
}

/** Where the `bytes` of whole sectors end that begin with the one that holds `start`, at most `end`. */
export function firstSectorsEnd(
  start: number,
  end: number,
  sectorSize: number,
  bytes = sectorSize,
): number {
  return Math.min(end, alignDown(start, sectorSize) + bytes);
}

/** Where the `bytes` of whole sectors begin that end with the one that holds the byte before `end`, at least `start`. */
export function lastSectorsStart(
  start: number,
  end: number,
  sectorSize: number,
  bytes = sectorSize,
): number {
  return Math.max(start, alignUp(end, sectorSize) - bytes);
}
