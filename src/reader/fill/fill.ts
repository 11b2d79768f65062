// Decides what to read while nobody is asking, so that in the end nothing readable is missing: GNU ddrescue's
// phases over the live map. Pure: it chooses a read, somebody else makes it and tells what came of it. All
// that it must remember stands in the map (statuses, phase, pass, position), so that a run that was stopped
// anywhere is continued by the next one, or by ddrescue.
import { alignDown, alignUp } from "../../base/ranges.ts";
import {
  BAD_SECTOR,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Status,
} from "../../map/statuses.ts";
import { Copying, SLOW_SKIPPING } from "./copying.ts";
import type { FillEnd, FillParts } from "./fill_parts.ts";
import { Neighbourhood } from "./neighbourhood.ts";
import type { PhaseWork } from "./phase_work.ts";
import { Phases } from "./phases.ts";
import { ReadSize } from "./read_size.ts";
import { type Rest, Resting } from "./resting.ts";
import { Retrying } from "./retrying.ts";
import { Scraping } from "./scraping.ts";
import { Speed } from "./speed.ts";
import { Sweeping } from "./sweeping.ts";
import { Throttle } from "./throttle.ts";
import { Trimming } from "./trimming.ts";
import { Verification, type VerificationPlace, type Verified } from "./verification.ts";
import { Wanted } from "./wanted.ts";

/** Rest after a read that the system has refused, or whose bytes the map did not take, milliseconds. */
const TROUBLE_PAUSE_MS = 5000;
/** Refusals in a row after which it gives up. */
const MOST_REFUSALS = 10;

/** What a fill remembers beside the map, at the first failure that is not proved yet. */
interface Before {
  readonly isRead: boolean;
  readonly passesLeft: number;
  readonly errors: number;
  readonly ended: FillEnd | undefined;
  readonly verification: VerificationPlace;
}

/**
 * Chooses the next read of a fill, in ddrescue's phases over the live map. No I/O: the reader makes
 * the reads. Times are milliseconds of one clock.
 */
export class Fill {
  readonly #parts: FillParts;
  readonly #readSize: ReadSize;
  readonly #speed: Speed;
  readonly #throttle: Throttle;
  readonly #resting: Resting;
  readonly #neighbourhood: Neighbourhood;
  readonly #retrying: Retrying;
  readonly #verification: Verification;
  readonly #sweeping: Sweeping;
  readonly #phases: Phases;
  /** What has chosen the next read. */
  #work: PhaseWork;
  #refusals = 0;
  /** Nothing is left but to verify. */
  #isRead = false;
  #before: Before | undefined;
  /** Undefined while there is something to do. After a failure that is not proved yet it may be taken back. */
  ended: FillEnd | undefined;

  constructor(parts: FillParts) {
    const { map, domain, sectorSize, options } = parts;
    const trouble = [NON_TRIMMED, NON_SCRAPED, BAD_SECTOR];
    const wanted = new Wanted(map, domain);
    this.#parts = parts;
    this.#readSize = new ReadSize(trouble.every((status) => map.total(status) === 0));
    this.#speed = new Speed(options.minReadRate);
    this.#throttle = new Throttle(options);
    this.#resting = parts.resting ?? new Resting();
    this.#neighbourhood = new Neighbourhood(wanted, this.#readSize);
    this.#verification = new Verification(wanted, options.verifyBytes);
    this.#retrying = new Retrying(wanted, sectorSize, options.retryPasses);
    const copying = new Copying(wanted, this.#readSize, this.#speed);
    const mark = (start: number, end: number, status: Status) => this.#mark(start, end, status);
    this.#sweeping = new Sweeping(wanted, sectorSize, mark);
    this.#phases = new Phases(wanted, {
      "?": [copying, this.#sweeping],
      "*": [new Trimming(wanted, sectorSize, mark)],
      "/": [new Scraping(wanted, sectorSize)],
      "-": [this.#retrying],
    });
    this.#work = copying;
  }

  /** The read that `next` has chosen: bytes, within one run of the map. */
  get offset(): number {
    return this.#work.offset;
  }
  get length(): number {
    return this.#work.length;
  }

  /** How long it is until `next` may say true, milliseconds; Infinity after the end. */
  waitMs(nowMs: number): number {
    if (this.ended !== undefined) return Infinity;
    return Math.max(this.#throttle.waitMs(nowMs), this.#resting.waitMs(nowMs));
  }

  /** The rest that the drive has now. */
  restAt(nowMs: number): Rest | undefined {
    return this.ended === undefined ? this.#resting.restAt(nowMs) : undefined;
  }

  /** Nobody has read from the device since then: a rest counts from there. */
  leftAloneSince(sinceMs: number): void {
    this.#resting.leftAloneSince(sinceMs);
  }

  /** Whether the chosen read is to be compared with the image, not to be kept: see `compared`. */
  get isVerifying(): boolean {
    return this.#work === this.#verification;
  }

  /** What came of the verification; undefined when none was wanted. */
  get verified(): Verified | undefined {
    return this.#parts.options.verifyBytes > 0 ? this.#verification.result : undefined;
  }

  /** Chooses the next read. @returns false when there is none, or not yet. */
  next(nowMs: number): boolean {
    this.ended ??= this.#throttle.gaveUp;
    if (this.waitMs(nowMs) > 0) return false;
    return this.#choose(this.#neighbourhood) || this.#chooseOfPhases() || this.#chooseToVerify();
  }

  #choose(work: PhaseWork): boolean {
    if (!work.next()) return false;
    this.#work = work;
    return true;
  }

  #chooseOfPhases(): boolean {
    while (!this.#isRead && this.ended === undefined) {
      if (this.#phases.works.some((work) => this.#choose(work))) return true;
      if (this.ended === undefined) this.#isRead = !this.#phases.beginNext();
    }
    return false;
  }

  #chooseToVerify(): boolean {
    if (!this.#isRead || this.ended !== undefined) return false;
    if (this.#choose(this.#verification)) return true;
    this.ended = "complete";
    return false;
  }

  /** The chosen read has brought `length` bytes, which the map has now. */
  succeeded(length: number, tookMs: number, nowMs: number): void {
    this.#refusals = 0;
    this.#throttle.good(length, tookMs, nowMs);
    this.#resting.succeeded(length, tookMs, nowMs, this.#isLeftover);
    if (this.#work === this.#neighbourhood) this.#speed.interrupt();
    else this.#speed.good(length, tookMs);
    if (this.length > this.#parts.sectorSize) this.#readSize.good(length, tookMs);
    this.#work.succeeded(length);
  }

  /** Earlier passes have not wanted to read what is read now. */
  get #isLeftover(): boolean {
    const { phase, pass } = this.#parts.map;
    return phase !== "?" || pass > SLOW_SKIPPING;
  }

  /** The chosen read was for verification and has brought `length` bytes. */
  compared(length: number, same: boolean, tookMs: number, nowMs: number): void {
    this.#throttle.good(length, tookMs, nowMs);
    this.#verification.compared(length, same);
  }

  /** The chosen read has failed because of what it tried to read. Changes the map. */
  failed(tookMs: number, nowMs: number): void {
    const { offset, length } = this;
    const { sectorSize } = this.#parts;
    this.#refusals = 0;
    this.#throttle.bad(length, tookMs, nowMs);
    this.#resting.failed(length, nowMs);
    this.#readSize.bad();
    this.#speed.interrupt();
    // The image has it: what was read once is not given up.
    if (this.isVerifying) return this.#verification.failed();
    const alone =
      alignUp(offset + length, sectorSize) - alignDown(offset, sectorSize) <= sectorSize;
    // A longer read where something has failed before: the map says already what is known.
    const isKnown = !alone && this.#parts.map.at(offset) !== NON_TRIED;
    if (!isKnown) this.#mark(offset, offset + length, alone ? BAD_SECTOR : NON_TRIMMED);
    this.#work.failed();
  }

  // --- failures that may not be the sectors' --------------------------------------------------------

  /** A read, anybody's, has failed, and nobody knows yet whether the device answers at all. */
  doubted(): void {
    this.#before ??= {
      isRead: this.#isRead,
      passesLeft: this.#retrying.passesLeft,
      errors: this.#throttle.errors,
      ended: this.ended,
      verification: this.#verification.place,
    };
  }

  /** The device answers: what has failed until now has failed. */
  proved(): void {
    this.#before = undefined;
  }

  /** The device did not answer since `doubted`: the map is as it was then, and so is this. */
  takenBack(): void {
    this.#resting.reset();
    if (this.#before === undefined) return;
    const { isRead, passesLeft, errors, ended, verification } = this.#before;
    this.#before = undefined;
    this.#isRead = isRead;
    this.#sweeping.restart();
    this.#retrying.passesLeft = passesLeft;
    this.#throttle.forgive(errors);
    this.#verification.place = verification;
    this.#speed.interrupt();
    this.ended = ended;
  }

  /** The system has refused the chosen read for a reason that says nothing about the sectors. */
  refused(nowMs: number): void {
    this.#throttle.pauseUntil(nowMs + TROUBLE_PAUSE_MS);
    if (++this.#refusals >= MOST_REFUSALS) this.ended ??= "reads are refused";
  }

  /** The chosen read was good, but the map has no room for it. */
  unkept(nowMs: number): void {
    this.#throttle.pauseUntil(nowMs + TROUBLE_PAUSE_MS);
    this.ended ??= "map full";
  }

  /** A client has read from the device up to `end`. */
  clientRead(end: number, length: number, nowMs: number): void {
    this.#resting.end(nowMs);
    this.#speed.interrupt();
    this.#throttle.clientRead(length, nowMs);
    this.#neighbourhood.note(end);
  }

  /** A read for a client has failed. */
  clientFailed(length: number, nowMs: number): void {
    this.#resting.end(nowMs);
    this.#resting.failed(length, nowMs);
    this.#speed.interrupt();
    this.#readSize.bad();
    this.#throttle.clientRead(0, nowMs);
  }

  #mark(start: number, end: number, status: Status): void {
    if (!this.#parts.mark(start, end, status)) this.ended ??= "map full";
  }
}
