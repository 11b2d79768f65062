// Rests for a drive that gets slow after a failure until it is left alone for some seconds. Nobody can know how long
// that takes, or whether it helps: rests are tried, the shortest first, and kept if reads are quick afterwards. Pure.
//
//   WELL --a read fails--> FAILED --a quick read--> WELL
//   FAILED --reads stay slow for long enough--> RESTING --the time is over--> RESTED
//   RESTED --a quick read: rests of this length pay--> WELL
//          --a slow read: they do not, the next longer one is tried--> FAILED
//
// A rest costs time, and a slow place, or a drive that has become slow for good, looks like a tired drive at first.
// So reads must have been quick before the failure, a trial is at most a third as long as the slow reads since then (in
// which copying has left a slow place), and rests that were in vain take a few per cent of the run at most. A rest that pays is made as soon as slow reads
// have cost as much as it does, or at once when the next read would.
import { UsualTime } from "./usual_time.ts";

/** Rests that are tried, milliseconds. */
export const RESTS_MS: readonly number[] = [2000, 5000, 10_000, 20_000];
/** Slow reads since a failure before a rest is tried: the first one may have had to find its place again. */
const LEAST_SLOW_READS = 2;
/** Time of slow reads since a failure before a rest is tried, as a multiple of it. */
const PATIENCE = 3;
/** ... where copying has come back to what it had left behind as slow. */
const PATIENCE_WHERE_SLOW = 10;
/** Rests in vain: each length once, and then this part of the run. */
const MOST_IN_VAIN = 0.03;
/** Slow reads in a row before a failure after which the place, not the failure, counts as the reason. */
const SLOW_BEFORE = 2;

/** A rest under way. */
export interface Rest {
  /** How long it is, and when it ends; milliseconds. */
  readonly ms: number;
  readonly untilMs: number;
  /** Rests of this length have paid; false: it is a trial. */
  readonly pays: boolean;
}

/** Decides when a fill leaves its drive alone. Times are milliseconds of one clock. */
export class Resting {
  readonly #restsMs: readonly number[];
  readonly #usual = new UsualTime();
  /** The rest under way, or the last one as long as no read has told whether it has paid. */
  #rest: Rest | undefined;
  /** Length of the rests that pay; undefined: none does, as far as is known. */
  #keptMs: number | undefined;
  /** Index of the next trial. */
  #next = 0;
  /** A read has failed, and no quick one has come since. */
  #isAfterFailure = false;
  /** Reads were slow before it. */
  #isPlaceSlow = false;
  /** Slow reads in a row while the drive is well. */
  #slowBefore = 0;
  /** Since the failure, or the last rest that was to pay. */
  #slowReads = 0;
  #slowMs = 0;
  /** What slow reads give, bytes per millisecond. */
  #slowBytesPerMs = Infinity;
  #lastFailed = false;
  #inVainMs = 0;
  #beganMs: number | undefined;

  /** @param restsMs lengths to try, in ascending order; none: it never rests. */
  constructor(restsMs = RESTS_MS) {
    this.#restsMs = restsMs;
  }

  /** How long to leave the drive alone from now on, milliseconds. */
  waitMs(nowMs: number): number {
    return this.#rest === undefined ? 0 : Math.max(0, this.#rest.untilMs - nowMs);
  }

  /** The rest under way. */
  restAt(nowMs: number): Rest | undefined {
    return this.waitMs(nowMs) > 0 ? this.#rest : undefined;
  }

  /** The drive has been left alone since then: a rest counts from its last read on, whoever has made that. */
  leftAloneSince(sinceMs: number): void {
    const rest = this.#rest;
    if (rest === undefined || sinceMs >= rest.untilMs) return;
    this.#rest = { ...rest, untilMs: Math.max(rest.untilMs, sinceMs + rest.ms) };
  }

  /** A client has asked for something: the rest is over, and tells nothing. */
  end(nowMs: number): void {
    if (this.waitMs(nowMs) === 0) return;
    this.#rest = undefined;
    this.#forgetSlowReads();
  }

  /** The drive did not answer for a while: what it did before that counts no more. */
  reset(): void {
    this.#rest = undefined;
    this.#isAfterFailure = false;
    this.#lastFailed = false;
    this.#slowBefore = 0;
    this.#forgetSlowReads();
  }

  /**
   * A read has brought `length` bytes.
   * @param isLeftover earlier passes have not wanted to read there: it may be a slow place.
   */
  succeeded(length: number, tookMs: number, nowMs: number, isLeftover = false): void {
    this.#beganMs ??= nowMs - tookMs;
    this.#lastFailed = false;
    const isSlow = this.#usual.isSlow(length, tookMs);
    this.#judgeRest(isSlow);
    if (!isSlow) return this.#wasQuick(length, tookMs);
    if (!this.#isAfterFailure) {
      this.#slowBefore++;
      return;
    }
    this.#slowReads++;
    this.#slowMs += tookMs;
    this.#slowBytesPerMs = length / tookMs;
    if (this.#isRestDue(nowMs, isLeftover)) this.#begin(nowMs);
  }

  #wasQuick(length: number, tookMs: number): void {
    this.#usual.learn(length, tookMs);
    this.#isAfterFailure = false;
    this.#slowBefore = 0;
    this.#forgetSlowReads();
  }

  #judgeRest(isSlow: boolean): void {
    const rest = this.#rest;
    if (rest === undefined) return;
    this.#rest = undefined;
    if (isSlow) {
      this.#inVainMs += rest.ms;
      this.#keptMs = undefined;
      this.#next = (this.#restsMs.indexOf(rest.ms) + 1) % this.#restsMs.length;
    } else {
      this.#inVainMs = 0;
      this.#keptMs = rest.ms;
    }
  }

  /** A read of `length` bytes has failed. */
  failed(length: number, nowMs: number): void {
    this.#beganMs ??= nowMs;
    // It tells nothing about the rest before it, which is lost.
    if (this.#rest !== undefined) this.#inVainMs += this.#rest.ms;
    this.#rest = undefined;
    const isFirst = !this.#lastFailed;
    this.#lastFailed = true;
    if (!this.#isAfterFailure) {
      this.#isAfterFailure = true;
      this.#isPlaceSlow = this.#slowBefore >= SLOW_BEFORE;
    }
    // In a row of failures the next read would probably fail as well, rested or not.
    const isDear = isFirst && length / this.#slowBytesPerMs >= (this.#keptMs ?? Infinity);
    if (isDear && this.#isAffordable(nowMs, this.#keptMs!)) this.#begin(nowMs);
  }

  #isRestDue(nowMs: number, isLeftover: boolean): boolean {
    if (this.#isPlaceSlow) return false;
    if (this.#keptMs !== undefined) {
      return this.#slowMs >= this.#keptMs && this.#isAffordable(nowMs, this.#keptMs);
    }
    const ms = this.#restsMs[this.#next] ?? Infinity;
    const patience = isLeftover ? PATIENCE_WHERE_SLOW : PATIENCE;
    return this.#slowReads >= LEAST_SLOW_READS && this.#slowMs >= patience * ms &&
      this.#isAffordable(nowMs, ms);
  }

  /** Whether there was not too much rest in vain. */
  #isAffordable(nowMs: number, ms: number): boolean {
    const allowedMs = this.#restsMs.reduce((sum, rest) => sum + rest, 0);
    const ranMs = nowMs - (this.#beganMs ?? nowMs);
    return this.#inVainMs + ms <= allowedMs + MOST_IN_VAIN * ranMs;
  }

  #begin(nowMs: number): void {
    const pays = this.#keptMs !== undefined;
    const ms = this.#keptMs ?? this.#restsMs[this.#next]!;
    this.#rest = { ms, untilMs: nowMs + ms, pays };
    if (pays) this.#forgetSlowReads();
  }

  #forgetSlowReads(): void {
    this.#slowReads = 0;
    this.#slowMs = 0;
  }
}
