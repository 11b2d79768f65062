// Times in which a modelled device does not answer, whatever is asked of it. Seeded, so that they are the same each
// time. The clock is whoever's plays the model.
import { EIO } from "../../src/sys/errno.ts";
import { Random } from "../model/map_random.ts";

/** How devices stop answering. */
export const OUTAGE_KINDS = [
  /** Every read fails at once, for some seconds, now and then. */
  "spells",
  /** After each 25 failing reads every read fails, for 4 seconds. */
  "after failures",
  /** A read hangs until the end of the outage, and then fails. */
  "hanging",
  /** The device is not there for a while, and has another name afterwards. */
  "vanishing",
  /** Every read fails from some moment on. */
  "for ever",
] as const;
export type OutageKind = typeof OUTAGE_KINDS[number];

/** Failing reads between two outages of the kind "after failures", and how long one lasts, milliseconds. */
const FAILURES = 25;
const SPELL_MS = 4000;

/** What a read that meets an outage gives, and how long it takes. */
export interface NoAnswer {
  /** 0: the device is not there; else -errno. */
  readonly result: number;
  readonly tookMs: number;
}

/** Times in which a modelled device does not answer. Seeded. */
export class Outages {
  readonly kind: OutageKind;
  /** [start, end) of those that are known beforehand, milliseconds. */
  readonly #spells: readonly (readonly [number, number])[];
  readonly #failureMs: number;
  #failures = 0;
  #silentUntilMs = 0;
  /** The name that it has, as a count of its returns: whoever has an older one open reads nothing. */
  #opened = 0;
  /** Reads that met an outage. */
  readsInVain = 0;

  /** @param spanMs of the rescue, about. @param failureMs how long a read takes that fails. */
  constructor(kind: OutageKind, seed: number, spanMs: number, failureMs: number) {
    const random = new Random(seed);
    this.kind = kind;
    this.#failureMs = failureMs;
    const count = kind === "for ever" ? 1 : kind === "after failures" ? 0 : 3;
    let end = 0;
    this.#spells = Array.from({ length: count }, () => {
      // Some reads lie between two of them.
      const start = (end && end + 1000) + random.below(spanMs / Math.max(count, 2));
      end = kind === "for ever" ? Infinity : start + 2000 + random.below(20_000);
      return [start, end] as const;
    });
  }

  /** What a read gives that begins at `nowMs`; undefined: the device answers. */
  meet(nowMs: number): NoAnswer | undefined {
    const spell = this.#spells.find(([start, end]) => start <= nowMs && nowMs < end);
    const isGone = this.kind === "vanishing" && this.#returns(nowMs) !== this.#opened;
    if (spell === undefined && nowMs >= this.#silentUntilMs && !isGone) return undefined;
    this.readsInVain++;
    switch (this.kind) {
      case "vanishing":
        return { result: 0, tookMs: 0.01 };
      case "hanging":
        return { result: -EIO, tookMs: spell![1] - nowMs + 0.01 };
      default:
        return { result: -EIO, tookMs: this.#failureMs };
    }
  }

  /** A read of a bad sector has failed. */
  noteFailure(nowMs: number): void {
    if (this.kind !== "after failures" || ++this.#failures % FAILURES !== 0) return;
    this.#silentUntilMs = nowMs + SPELL_MS;
  }

  /** Opens it by whatever name it has now. */
  reopen(nowMs: number): void {
    if (!this.#spells.some(([start, end]) => start <= nowMs && nowMs < end)) {
      this.#opened = this.#returns(nowMs);
    }
  }

  #returns(nowMs: number): number {
    return this.#spells.filter(([, end]) => end <= nowMs).length;
  }
}
