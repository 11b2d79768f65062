// Tells a bad sector from a device that has stopped answering. Pure: it is told what reads have brought, and says
// when sectors that were read before are to be read again, and when a silent device is to be tried again.
//
//   ANSWERING --a read fails--> DOUBTFUL --a read succeeds, here or as a check--> ANSWERING
//                                  |
//                                  +--both reads of a check fail, or the device has vanished--> SILENT
//   SILENT --rest--> an attempt --a read of it succeeds--> ANSWERING
//                               --else--> SILENT, with a longer rest
//
// From the second attempt on the device is opened again although it has not gone. When that has helped, the next
// silence begins with an attempt, without a rest.
//
// The next read that succeeds proves failures: until then no thread may rely on them. An outage that
// begins and ends between two reads that succeed is taken for bad sectors, so in a row of failures a check is made
// early and then again and again.

/** Failures in a row before the first check of a row: two are what a single bad sector costs. */
export const FIRST_CHECK = 3;
/** Failures without a proof before a check is made, as long as checks are cheap. */
export const MOST_UNPROVED = 32;
/** The same whatever a check costs: less than 1 % of the reads of a long bad stretch. */
export const MOST_UNPROVED_EVER = 128;
/** The same after an outage, when the next one may be near: what is taken back must be read again. */
export const MOST_UNPROVED_AFTER_OUTAGE = 4;
/** Checks that find the device well before that number doubles. */
const CALM_CHECKS = 8;
/** A check is made earlier when failures have been unproved for so long, milliseconds. */
const LONG_UNPROVED_MS = 1000;
/** Reads of checks that found the device well are at most one in so many: 1 %. */
const READS_PER_CHECK = 100;
/** Checks in which no sector was known to be good and none could be read, before the device counts as silent. */
export const MOST_UNTOLD = 4;
/** Rests of a silent device, milliseconds; the last one is repeated. */
export const RESTS_MS: readonly number[] = [5000, 10_000, 20_000, 40_000, 60_000];

/** The result of a check. "untold": no sector was known to be good, and none could be read. */
export type CheckResult = "answers" | "silent" | "untold";

/**
 * How much a check is wanted: "none": a read that may succeed is about to be made, and would be a proof as well;
 * "awaited": a client waits to hear whether failures are true, and is told without a proof when a check costs too
 * much; "final": nothing else will prove them.
 */
export type Urgency = "none" | "ordinary" | "awaited" | "final";

/**
 * Tells a bad sector from a device that has stopped answering. No I/O: it hears results and asks
 * for checks. Times are milliseconds of one clock.
 */
export class Outage {
  /** Failures since the last proof, and when the first of them was. */
  #unproved = 0;
  #firstUnprovedMs = 0;
  /** Failures since the last good read that was not a check. */
  #row = 0;
  #isRowChecked = false;
  #reads = 0;
  /** Reads of checks that found the device well. */
  #readsInVain = 0;
  #untold = 0;
  #mostUnproved = MOST_UNPROVED;
  #calmChecks = 0;
  #silentSinceMs: number | undefined;
  #attempts = 0;
  #nextAttemptMs = 0;
  /** The device has answered after it was opened again, and not before; false: that was the time. */
  #reopeningHelps: boolean | undefined;
  /** Rests since it fell silent. */
  #rests = 0;

  /** Some failures are unproved. */
  get isDoubtful(): boolean {
    return this.#unproved > 0 && this.#silentSinceMs === undefined;
  }

  /** When the device stopped answering; undefined while it answers. */
  get silentSinceMs(): number | undefined {
    return this.#silentSinceMs;
  }

  /** Attempts to find the silent device well again. */
  get attempts(): number {
    return this.#attempts;
  }

  /** A read has brought bytes. @param isProof they came from the device itself, not from a cache of the system. */
  succeeded(isProof: boolean): void {
    this.#reads++;
    this.#row = 0;
    this.#isRowChecked = false;
    if (isProof) this.#proved();
  }

  /** A read has failed as one of a bad sector does. */
  failed(nowMs: number): void {
    this.#reads++;
    this.#row++;
    if (this.#unproved++ === 0) this.#firstUnprovedMs = nowMs;
  }

  /** Whether to read sectors now that are known to be good. */
  isCheckDue(urgency: Urgency, nowMs: number): boolean {
    if (!this.isDoubtful) return false;
    const most = this.#isWary ? this.#mostUnproved : MOST_UNPROVED_EVER;
    if (urgency === "final" || this.#unproved >= most) return true;
    if (!this.#isCheap) return false;
    if (urgency === "awaited" || this.#unproved >= this.#mostUnproved) return true;
    if (urgency === "none") return false;
    if (this.#untold > 0) return true;
    const isEarly = this.#row >= FIRST_CHECK && !this.#isRowChecked;
    const isLong = this.#row >= FIRST_CHECK && nowMs - this.#firstUnprovedMs >= LONG_UNPROVED_MS;
    return isEarly || isLong;
  }

  /** There was an outage lately, and the next one may be near. */
  get #isWary(): boolean {
    return this.#mostUnproved < MOST_UNPROVED;
  }

  get #isCheap(): boolean {
    return this.#isWary || this.#untold > 0 || this.#readsInVain * READS_PER_CHECK <= this.#reads;
  }

  /** A check has been made, by so many reads. */
  checked(result: CheckResult, nowMs: number, reads = 1): void {
    this.#isRowChecked = true;
    if (result === "answers") {
      this.#readsInVain += reads;
      if (++this.#calmChecks % CALM_CHECKS === 0) {
        this.#mostUnproved = Math.min(MOST_UNPROVED, 2 * this.#mostUnproved);
      }
      this.#proved();
    } else if (result === "silent" || ++this.#untold >= MOST_UNTOLD) {
      this.#fallSilent(nowMs);
    }
  }

  /** The system says that the device is not there. */
  vanished(nowMs: number): void {
    if (this.#silentSinceMs === undefined) this.#fallSilent(nowMs);
  }

  #fallSilent(nowMs: number): void {
    this.#silentSinceMs = this.#unproved > 0 ? this.#firstUnprovedMs : nowMs;
    this.#attempts = 0;
    this.#rests = 0;
    if (this.#reopeningHelps) this.#nextAttemptMs = nowMs;
    else this.#rest(nowMs);
  }

  #rest(nowMs: number): void {
    this.#nextAttemptMs = nowMs + RESTS_MS[Math.min(this.#rests++, RESTS_MS.length - 1)]!;
  }

  /**
   * Whether the next attempt opens the device again although it has not gone. Not the first one: a rest alone may
   * do, and opening a device blocks while the kernel recovers it.
   */
  get isStuck(): boolean {
    return this.#attempts > 0 || this.#reopeningHelps === true;
  }

  /** How long the silent device rests on, milliseconds; Infinity while it answers. */
  restMs(nowMs: number): number {
    return this.#silentSinceMs === undefined ? Infinity : Math.max(0, this.#nextAttemptMs - nowMs);
  }

  /** The silent device has been tried again. */
  attempted(answers: boolean, nowMs: number): void {
    if (answers) {
      // The first time that it was opened again; later ones have only waited longer.
      if (this.#attempts === 1) this.#reopeningHelps ??= true;
      if (this.#attempts > 1) this.#reopeningHelps = false;
      this.#silentSinceMs = undefined;
      this.#mostUnproved = MOST_UNPROVED_AFTER_OUTAGE;
      this.#calmChecks = 0;
      this.#row = 0;
      this.#isRowChecked = false;
      return this.#proved();
    }
    if (this.#attempts++ === 0 && this.#reopeningHelps) this.#reopeningHelps = false;
    this.#rest(nowMs);
  }

  #proved(): void {
    this.#unproved = 0;
    this.#untold = 0;
  }
}
