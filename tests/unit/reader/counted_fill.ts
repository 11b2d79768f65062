// How many reads of a fill have failed by the time that it has saved so much: a fill on a modelled device,
// without the checks of SimulatedFill, so that it takes seconds for a device of a terabyte.
import { FileMap } from "../../../src/map/file_map.ts";
import { FINISHED, type Status } from "../../../src/map/statuses.ts";
import { Fill } from "../../../src/reader/fill/fill.ts";
import type { SickModel } from "../../harness/sick_model.ts";
import { NO_LIMITS } from "./simulated_fill.ts";

/** Shares of the readable bytes at which failing reads are counted. */
export const SHARES = [0.9, 0.99, 0.999, 0.9999, 1] as const;

/** Counts failing reads at each of SHARES. */
export class ShareCounter {
  readonly #marks: readonly number[];
  readonly counts: number[] = [];
  failingReads = 0;
  saved = 0;

  constructor(readable: number) {
    this.#marks = SHARES.map((share) => share * readable);
  }

  /** A read has brought `length` bytes; 0: it has failed. */
  note(length: number): void {
    if (length === 0) this.failingReads++;
    this.saved += length;
    while (!this.isDone && this.saved >= this.#marks[this.counts.length]!) {
      this.counts.push(this.failingReads);
    }
  }

  /** All that can be read is there. */
  get isDone(): boolean {
    return this.counts.length === this.#marks.length;
  }
}

/** One rescue of a device, or a part of one. */
export class CountedFill {
  readonly model: SickModel;
  readonly map: FileMap;
  readonly fill: Fill;
  nowMs = 0;

  constructor(model: SickModel, map?: FileMap) {
    this.model = model;
    this.map = map ?? FileMap.create(model.size, { sectorSize: model.sectorSize });
    this.fill = new Fill({
      map: this.map,
      domain: undefined,
      sectorSize: model.sectorSize,
      options: NO_LIMITS,
      mark: (start, end, status) => this.#mark(start, end, status),
    });
  }

  #mark(start: number, end: number, status: Status): boolean {
    this.map.set(start, end, status);
    return true;
  }

  /** Makes one read. @returns its good bytes, or undefined at the end. */
  step(): number | undefined {
    const { fill, model, map } = this;
    if (!fill.next(this.nowMs)) return undefined;
    const { offset, length } = fill;
    const good = model.goodBytes(offset, length);
    const isGood = good === length;
    const tookMs = model.tookMs(offset, length, !isGood);
    this.nowMs += tookMs;
    if (!isGood) {
      fill.failed(tookMs, this.nowMs);
      return 0;
    }
    map.set(offset, offset + length, FINISHED);
    fill.succeeded(length, tookMs, this.nowMs);
    return length;
  }

  /** Runs until all that can be read is there. @returns failing reads at each of SHARES. */
  countAtShares(): readonly number[] {
    const counter = new ShareCounter(this.model.readable);
    while (!counter.isDone) {
      const length = this.step();
      if (length === undefined) throw new Error("the fill ends before all is read");
      counter.note(length);
    }
    return counter.counts;
  }
}
