// An immutable copy of a map, to be saved, shown and compared.

import { CHUNK, CHUNKS, EXTENTS, type MapMemory, PASS, PHASE, POSITION } from "./map_memory.ts";
import { FINISHED, NON_TRIED, type Phase, type Status, type StatusRange } from "./statuses.ts";

/** A map at one instant. */
export interface MapSnapshot {
  /** Bytes. */
  readonly size: number;
  /** Starts of the extents: ascending, the first 0; each extent ends where the next one starts, the last at `size`. */
  readonly positions: Float64Array;
  /** Their statuses; neighbours differ. */
  readonly statuses: Uint8Array;
  /** ddrescue's current_pos, current_status and current_pass. */
  readonly position: number;
  readonly phase: Phase;
  readonly pass: number;
}

/** The same map without the data behind `end`, bytes: an image that was cut short there does not have them. */
export function withoutDataBehind(snapshot: MapSnapshot, end: number): MapSnapshot {
  const { positions, statuses, size } = snapshot;
  if (end >= size) return snapshot;
  const starts: number[] = [];
  const kept: number[] = [];
  positions.forEach((start, index) => {
    const extentEnd = positions[index + 1] ?? size;
    const isData = statuses[index] === FINISHED;
    const lostFrom = isData ? Math.max(start, end) : extentEnd;
    if (lostFrom > start) {
      starts.push(start);
      kept.push(statuses[index]!);
    }
    if (lostFrom < extentEnd) {
      starts.push(lostFrom);
      kept.push(NON_TRIED);
    }
  });
  return { ...snapshot, positions: Float64Array.from(starts), statuses: Uint8Array.from(kept) };
}

/**
 * The same map with some ranges as they were before they were marked; where these overlap, the first one counts.
 * FINISHED areas stay FINISHED.
 */
export function withStatuses(
  snapshot: MapSnapshot,
  ranges: readonly StatusRange[],
): MapSnapshot {
  const { positions, statuses, size } = snapshot;
  const before = disjoint(ranges);
  const starts: number[] = [];
  const kept: Status[] = [];
  const add = (start: number, end: number, status: Status) => {
    if (start >= end || kept.at(-1) === status) return;
    starts.push(start);
    kept.push(status);
  };
  let next = 0;
  positions.forEach((start, index) => {
    const end = positions[index + 1] ?? size;
    const status = statuses[index]!;
    while (next < before.length && before[next]!.end <= start) next++;
    let at = start;
    for (let other = next; before[other] !== undefined && before[other]!.start < end; other++) {
      if (status === FINISHED) break;
      const range = before[other]!;
      add(at, Math.max(at, range.start), status);
      add(Math.max(at, range.start), Math.min(range.end, end), range.status);
      at = Math.min(range.end, end);
    }
    add(at, end, status);
  });
  return { ...snapshot, positions: Float64Array.from(starts), statuses: Uint8Array.from(kept) };
}

/** The same ranges in ascending order, each byte with the status of the first that has it. */
function disjoint(ranges: readonly StatusRange[]): StatusRange[] {
  let parts: StatusRange[] = [];
  for (const { start, end, status } of ranges) {
    let at = start;
    const added: StatusRange[] = [];
    for (const part of parts) {
      if (part.end <= at || part.start >= end) continue;
      if (part.start > at) added.push({ start: at, end: part.start, status });
      at = part.end;
    }
    if (at < end) added.push({ start: at, end, status });
    parts = [...parts, ...added].sort((one, other) => one.start - other.start);
  }
  return parts;
}

/** The phase whose character code the map's memory holds. */
export function phaseOf(code: number): Phase {
  return String.fromCharCode(code) as Phase;
}

/**
 * Copies the extents, inside a read of the seqlock.
 * @returns undefined when the memory was changed meanwhile so that it cannot be right.
 * @throws {RangeError} when memory ends.
 */
export function copyExtents(memory: MapMemory): MapSnapshot | undefined {
  const { words, numbers, slab, count, starts, statuses } = memory;
  const extents = Math.min(words[EXTENTS], memory.maxTransitions);
  const chunks = Math.min(words[CHUNKS], memory.maxChunks);
  const copiedStarts = new Float64Array(extents);
  const copiedStatuses = new Uint8Array(extents);
  let copied = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const at = Math.min(slab[chunk], memory.maxChunks - 1);
    const base = at * CHUNK;
    const end = base + Math.min(count[at], CHUNK);
    if (copied + end - base > extents) return undefined;
    copiedStarts.set(starts.subarray(base, end), copied);
    copiedStatuses.set(statuses.subarray(base, end), copied);
    copied += end - base;
  }
  if (copied !== extents) return undefined;
  return {
    size: memory.size,
    positions: copiedStarts,
    statuses: copiedStatuses,
    position: numbers[POSITION],
    phase: phaseOf(words[PHASE]),
    pass: words[PASS],
  };
}
