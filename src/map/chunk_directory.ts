// The chunks of a map and the operations on whole chunks. The writer's thread only, inside a write of the
// seqlock. It keeps the directory consistent and does not interpret the extents.

import { assert } from "../base/assert.ts";
import { CHUNK, CHUNKS, FREE, FRESH, type MapMemory, MERGE_AT } from "./map_memory.ts";

/** Inserts, removes, splits and joins. After `tidy`, two neighbours always hold more than MERGE_AT extents. */
export class ChunkDirectory {
  readonly #memory: MapMemory;

  constructor(memory: MapMemory) {
    this.#memory = memory;
  }

  /** The first chunk of fresh memory: one extent at 0 of status 0. */
  addFirst(): void {
    const { words, count } = this.#memory;
    words[FRESH] = 1;
    words[CHUNKS] = 1;
    count[0] = 1;
  }

  /** Sets an extent of a chunk. */
  put(chunk: number, index: number, start: number, status: number): void {
    const { starts, statuses, first, slab } = this.#memory;
    const at = slab[chunk] * CHUNK + index;
    starts[at] = start;
    statuses[at] = status;
    if (index === 0) first[chunk] = start;
  }

  /** Removes `removed` extents at `index` and makes room for `added`, which the caller puts there. They must fit. */
  splice(chunk: number, index: number, removed: number, added: number): void {
    const { starts, statuses, first, slab, count } = this.#memory;
    const at = slab[chunk];
    const base = at * CHUNK;
    if (removed !== added) {
      const end = base + count[at];
      starts.copyWithin(base + index + added, base + index + removed, end);
      statuses.copyWithin(base + index + added, base + index + removed, end);
      count[at] += added - removed;
    }
    if (index === 0) first[chunk] = starts[base];
  }

  /** Moves the extents from `cut` on to a new chunk behind this one. Either may be left empty for a moment. */
  split(chunk: number, cut: number): void {
    const { words, first, slab, count, starts } = this.#memory;
    const old = slab[chunk];
    const fresh = this.#take();
    const chunks = words[CHUNKS];
    first.copyWithin(chunk + 2, chunk + 1, chunks);
    slab.copyWithin(chunk + 2, chunk + 1, chunks);
    words[CHUNKS] = chunks + 1;
    this.#move(old, cut, fresh, 0, count[old] - cut);
    count[fresh] = count[old] - cut;
    count[old] = cut;
    slab[chunk + 1] = fresh;
    first[chunk + 1] = starts[fresh * CHUNK];
  }

  /** Removes the chunks [chunk, end) with all their extents. */
  remove(chunk: number, end: number): void {
    if (chunk === end) return;
    const { words, first, slab, free } = this.#memory;
    for (let index = chunk; index < end; index++) free[words[FREE]++] = slab[index];
    first.copyWithin(chunk, end, words[CHUNKS]);
    slab.copyWithin(chunk, end, words[CHUNKS]);
    words[CHUNKS] -= end - chunk;
  }

  /** Joins `chunk` and the next one with their neighbours where they have become small. */
  tidy(chunk: number): void {
    const { words, count, slab } = this.#memory;
    let end = Math.min(chunk + 2, words[CHUNKS] - 1);
    for (let index = Math.max(chunk - 1, 0); index < end;) {
      const left = count[slab[index]];
      const right = count[slab[index + 1]];
      if (left + right > MERGE_AT && left > 0 && right > 0) {
        index++;
        continue;
      }
      if (left === 0) {
        this.remove(index, index + 1);
      } else {
        this.#move(slab[index + 1], 0, slab[index], left, right);
        count[slab[index]] += right;
        this.remove(index + 1, index + 2);
      }
      end--;
    }
  }

  #move(fromPlace: number, from: number, toPlace: number, to: number, count: number): void {
    const { starts, statuses } = this.#memory;
    const source = fromPlace * CHUNK + from;
    const target = toPlace * CHUNK + to;
    // copyWithin copies inside one array, and that is all there is.
    starts.copyWithin(target, source, source + count);
    statuses.copyWithin(target, source, source + count);
  }

  #take(): number {
    const { words, free, maxChunks } = this.#memory;
    if (words[FREE] > 0) return free[--words[FREE]];
    assert(words[FRESH] < maxChunks, "chunks are never so empty that their slabs run out");
    return words[FRESH]++;
  }
}
