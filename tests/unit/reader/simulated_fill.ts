// A fill on a modelled device with a clock of its own: no I/O, and what must hold is checked at each read.
import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import {
  BAD_SECTOR,
  FINISHED,
  maskOf,
  NON_SCRAPED,
  NON_TRIMMED,
  type Status,
} from "../../../src/map/statuses.ts";
import { UnprovedMarks } from "../../../src/map/unproved_marks.ts";
import { DeviceHealth, type Probed } from "../../../src/reader/device_health.ts";
import { Fill } from "../../../src/reader/fill/fill.ts";
import type { FillOptions } from "../../../src/reader/fill/fill_parts.ts";
import { Resting } from "../../../src/reader/fill/resting.ts";
import type { ProbeSector } from "../../../src/reader/known_sectors.ts";
import { SlowFailures } from "../../../src/reader/slow_failures.ts";
import {
  type DriveAnswer,
  SickDrive,
  type Silences,
} from "../../harness/sick_drives/sick_drive.ts";
import type { SickModel } from "../../harness/sick_model.ts";

export const NO_LIMITS: FillOptions = {
  rate: 0,
  maxReadRate: 0,
  pauseOnErrorMs: 0,
  cooldownMs: 0,
  maxErrors: undefined,
  maxErrorRate: undefined,
  retryPasses: 0,
  minReadRate: 0,
  verifyBytes: 0,
};

export interface SimulationOptions {
  map?: FileMap;
  domain?: FileMap;
  options?: Partial<FillOptions>;
  /** Buffered reads give the good bytes before a bad sector; direct ones fail as a whole. */
  buffered?: boolean;
  /** Times in which it does not answer. */
  outages?: Silences;
  /** It says "medium error" of a bad sector, as drives do; default true. */
  saysBad?: boolean;
  /** It may be left alone when that helps; default true. */
  rests?: boolean;
}

/** In a wait of at least so long the reader makes a check that is due, milliseconds. */
const IDLE_MS = 500;

/** One read that was made. */
export interface FillRead {
  readonly offset: number;
  readonly length: number;
  readonly good: number;
  /** The map's phase and pass when it was made. */
  readonly phase: string;
}

/** A fill on a modelled device with a clock of its own, which checks each read. No I/O. */
export class SimulatedFill {
  readonly model: SickModel;
  readonly map: FileMap;
  readonly fill: Fill;
  readonly reads: FillRead[] = [];
  readonly health: DeviceHealth;
  readonly unproved: UnprovedMarks;
  readonly #saysBad: boolean;
  readonly #slowFailures = new SlowFailures();
  readonly #buffered: boolean;
  readonly drive: SickDrive;
  nowMs = 0;
  /** When the last read has ended. */
  #endMs = 0;
  /** Time of rests, milliseconds. */
  restedMs = 0;
  failingReads = 0;
  /** Reads of sectors that were known to be good. */
  checkReads = 0;
  /** When the device stopped answering, each time. */
  readonly silences: number[] = [];

  /** @param sick a drive, or a model of one that is always the same. */
  constructor(sick: SickModel | SickDrive, simulation: SimulationOptions = {}) {
    const { map, domain, options, buffered = false, outages, saysBad = true, rests = true } =
      simulation;
    this.drive = sick instanceof SickDrive ? sick : new SickDrive(sick, outages);
    const { model } = this.drive;
    this.#saysBad = saysBad;
    this.model = model;
    this.map = map ?? FileMap.create(model.size, { sectorSize: model.sectorSize });
    this.#buffered = buffered;
    this.unproved = new UnprovedMarks(UnprovedMarks.createMemory(), this.map);
    this.fill = new Fill({
      map: this.map,
      domain,
      sectorSize: model.sectorSize,
      options: { ...NO_LIMITS, ...options },
      resting: new Resting(rests ? undefined : []),
      mark: (start, end, status) => this.#mark(start, end, status),
    });
    this.health = new DeviceHealth({
      map: this.map,
      sectorSize: model.sectorSize,
      unproved: this.unproved,
      now: () => this.nowMs,
      probe: (place) => this.#probe(place),
      reopen: (isStuck) => this.drive.reopen(this.nowMs, isStuck),
      follower: {
        doubted: () => this.fill.doubted(),
        proved: () => this.fill.proved(),
        silent: (sinceMs) => {
          this.silences.push(sinceMs);
          this.fill.takenBack();
        },
        stillSilent() {},
        answers() {},
      },
    });
  }

  /** Reads a sector to see whether the device answers. */
  #probe({ offset, from }: ProbeSector): Probed {
    const { model } = this;
    this.checkReads++;
    const length = Math.min(model.sectorSize, model.size - offset);
    const { outcome } = this.#ask(offset, length);
    const isGood = outcome === "data";
    assert(
      isGood || outcome !== "bad sector" || from === "untried",
      "a bad sector passes for a good one",
    );
    return isGood ? "good" : outcome === "bad sector" && this.#saysBad ? "medium error" : "failed";
  }

  /** One read of the drive, which takes its time. */
  #ask(offset: number, length: number): DriveAnswer {
    const answer = this.drive.read(offset, length, this.nowMs);
    this.nowMs += answer.tookMs;
    this.#endMs = this.nowMs;
    return answer;
  }

  #mark(start: number, end: number, status: Status): boolean {
    assert(this.map.find(start, end, maskOf(FINISHED)) < 0, "what was read is given up");
    if (status === BAD_SECTOR) assert(end - start <= this.model.sectorSize, "more than one sector");
    for (const run of [...this.map.ranges(start, end)]) {
      if (run.status === BAD_SECTOR || !this.unproved.hasRoom) continue;
      this.unproved.note(run.start, run.end, run.status);
      this.map.set(run.start, run.end, status);
    }
    return true;
  }

  /** One read, or a wait. @returns false at the end, or when `stop` says so after the next read is chosen. */
  step(stop: () => boolean = () => false): boolean {
    if (this.health.isSilent) {
      this.nowMs += this.health.restMs(this.nowMs);
      this.health.attempt();
      return !stop();
    }
    if (this.health.check(this.fill.ended !== undefined ? "final" : "ordinary")) return true;
    this.fill.leftAloneSince(this.#endMs);
    if (this.fill.next(this.nowMs)) {
      if (stop()) return false;
      this.#read(this.fill.offset, this.fill.length);
      return true;
    }
    if (this.fill.ended !== undefined && this.health.isDoubtful) return true;
    const waitMs = this.fill.waitMs(this.nowMs);
    assert(waitMs > 0, "it neither reads nor waits nor ends");
    if (waitMs >= IDLE_MS && this.health.check("awaited")) return true;
    if (this.fill.restAt(this.nowMs) !== undefined) this.restedMs += waitMs;
    if (waitMs < Infinity) this.nowMs += waitMs;
    return waitMs < Infinity;
  }

  #read(offset: number, length: number): void {
    const { model, map } = this;
    assert(length > 0 && offset >= 0 && offset + length <= map.size, "a read outside the device");
    const run = { end: 0, status: 0 };
    map.extentAt(offset, map.size, run);
    assert(run.status !== FINISHED, "what is there is read again");
    assert(offset + length <= run.end, "a read over several runs");
    let answer = this.#ask(offset, length);
    if (answer.outcome === "no answer" && this.#slowFailures.isSuspect(answer.tookMs)) {
      answer = this.#ask(offset, length);
    }
    const { outcome, goodBytes, tookMs } = answer;
    if (outcome === "gone") return void assert(this.health.vanished());
    if (outcome === "no answer") {
      this.#slowFailures.believe(tookMs);
      this.health.bad(false);
      return this.fill.failed(tookMs, this.nowMs);
    }
    const good = goodBytes < length && !this.#buffered ? 0 : goodBytes;
    this.reads.push({ offset, length, good, phase: `${map.phase}${map.pass}` });
    if (good > 0) {
      this.health.good(offset, true);
      map.set(offset, offset + good, FINISHED);
      this.fill.succeeded(good, tookMs, this.nowMs);
    } else {
      this.failingReads++;
      this.health.bad(this.#saysBad);
      this.fill.failed(tookMs, this.nowMs);
      const wide = run.status === NON_SCRAPED ? NON_SCRAPED : NON_TRIMMED;
      assertEquals(map.at(offset), length <= model.sectorSize ? BAD_SECTOR : wide);
    }
  }

  /** Runs to the end, or until `stop` says so. */
  run(stop?: () => boolean): this {
    // Each sector is tried at most twice, and each retry once more.
    for (let steps = 8 * this.model.size / this.model.sectorSize + 100; this.step(stop);) {
      assert(--steps > 0, "it does not come to an end");
    }
    return this;
  }

  /** Everything that can be read is there, and the rest was tried alone. */
  assertComplete(): void {
    assertEquals(this.fill.ended, "complete");
    for (const { start, end, status } of this.model.truth.ranges()) {
      const run = { end: 0, status: 0 };
      this.map.extentAt(start, this.map.size, run);
      assertEquals([start, run.status, run.end], [start, status, end]);
    }
  }

  /** Bytes that were there at a time. */
  savedAt(timeMs: number): number {
    while (this.nowMs < timeMs && this.step());
    return this.map.total(FINISHED);
  }
}
