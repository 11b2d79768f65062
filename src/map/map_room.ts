// How much room a map gets. Too much costs nothing, because memory is committed when it is touched; with
// too little a long rescue could not be remembered. But a small machine may refuse to promise much.

import { clamp } from "../base/ranges.ts";
import { MapMemory } from "./map_memory.ts";

/** What decides how much room a map has. */
export interface MapOptions {
  /** Boundaries lie on its multiples; default 512. */
  sectorSize?: number;
  /** How many boundaries may lie elsewhere. */
  strayBoundaries?: number;
}

/** Most extents that a map holds by default: 1.6 GB of address space, of which only the used part costs memory. */
export const MOST_TRANSITIONS = 64 * 2 ** 20;
/** A system that refuses that much address space is asked for half, down to this. */
const LEAST_TRANSITIONS = 2 ** 16;

/**
 * Makes the memory of a map with room for as many extents as the device has sectors, as far as the system and
 * MOST_TRANSITIONS allow.
 * @throws {RangeError} when the system does not even give LEAST_TRANSITIONS.
 */
export function createMemory(size: number, options: MapOptions): MapMemory {
  const boundaries = Math.ceil(size / (options.sectorSize ?? 512)) + (options.strayBoundaries ?? 0);
  let maxTransitions = clamp(boundaries, LEAST_TRANSITIONS, MOST_TRANSITIONS);
  for (;;) {
    try {
      return MapMemory.create(size, maxTransitions);
    } catch (error) {
      if (!(error instanceof RangeError) || maxTransitions <= LEAST_TRANSITIONS) throw error;
      maxTransitions = Math.max(Math.floor(maxTransitions / 2), LEAST_TRANSITIONS);
    }
  }
}
