// What a mapfile knows of bytes that the device does not show: behind another adapter it is smaller. It is kept as it
// is, and written down again with each save. Pure.
import type { MapSnapshot } from "./map_snapshot.ts";
import type { Mapfile } from "./mapfile.ts";
import { FINISHED, NON_TRIED } from "./statuses.ts";

/** Blocks from the end of the device on. */
export interface MapTail {
  /** Starts; the first is the device's size. */
  readonly positions: Float64Array;
  readonly statuses: Uint8Array;
  /** End of the last block, bytes. */
  readonly size: number;
}

/** What a mapfile says of bytes behind `size`; undefined when that is nothing. */
export function mapTailOf(mapfile: Mapfile, size: number): MapTail | undefined {
  if (mapfile.size <= size) return undefined;
  const positions: number[] = [];
  const statuses: number[] = [];
  mapfile.positions.forEach((start, index) => {
    const end = mapfile.positions[index + 1] ?? mapfile.size;
    if (end <= size) return;
    // Before the first block nothing has been tried.
    if (positions.length === 0 && start > size) {
      positions.push(size);
      statuses.push(NON_TRIED);
    }
    positions.push(Math.max(start, size));
    statuses.push(mapfile.statuses[index]!);
  });
  if (statuses.every((status) => status === NON_TRIED)) return undefined;
  return {
    positions: Float64Array.from(positions),
    statuses: Uint8Array.from(statuses),
    size: mapfile.size,
  };
}

/** The same mapfile without what it says of bytes behind `size`. */
export function withoutTail(mapfile: Mapfile, size: number): Mapfile {
  if (mapfile.size <= size) return mapfile;
  const count = mapfile.positions.findIndex((start) => start >= size);
  const kept = count < 0 ? mapfile.positions.length : count;
  return {
    ...mapfile,
    size: kept === 0 ? 0 : size,
    positions: mapfile.positions.slice(0, kept),
    statuses: mapfile.statuses.slice(0, kept),
  };
}

/** A snapshot of the device's map and the tail as one map. */
export function withTail(snapshot: MapSnapshot, tail: MapTail | undefined): MapSnapshot {
  if (tail === undefined) return snapshot;
  const count = snapshot.positions.length;
  // Neighbours differ.
  const skip = count > 0 && snapshot.statuses[count - 1] === tail.statuses[0] ? 1 : 0;
  const isFinished = tail.statuses.every((status) => status === FINISHED);
  return {
    ...snapshot,
    size: tail.size,
    positions: concat(Float64Array, snapshot.positions, tail.positions.subarray(skip)),
    statuses: concat(Uint8Array, snapshot.statuses, tail.statuses.subarray(skip)),
    phase: snapshot.phase === "+" && !isFinished ? "?" : snapshot.phase,
  };
}

function concat<T extends Float64Array | Uint8Array>(
  type: { new (length: number): T },
  one: T,
  other: T,
): T {
  const joined = new type(one.length + other.length);
  joined.set(one);
  joined.set(other, one.length);
  return joined;
}
