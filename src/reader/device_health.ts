// Whether the device answers at all: hears what its reads have brought, reads sectors again that were read before,
// and has what failures have changed taken back when those fail too. Reader thread only. The judgement is in
// outage.ts, which sectors are read in known_sectors.ts.
import type { FileMap } from "../map/file_map.ts";
import type { UnprovedMarks } from "../map/unproved_marks.ts";
import { KnownSectors, type ProbeSector } from "./known_sectors.ts";
import { Outage, type Urgency } from "./outage.ts";

/** Reads of one check at most: two sectors rarely go bad at the same moment. */
const SECTORS_PER_CHECK = 2;

/** The result of reading a sector for a check: bytes, the drive's own report of a medium error, or another failure. */
export type Probed = "good" | "medium error" | "failed";

/** The parts that the reader provides. */
export interface HealthParts {
  readonly map: FileMap;
  readonly sectorSize: number;
  readonly unproved: UnprovedMarks;
  /** Milliseconds of the clock that `restMs` is asked with. */
  readonly now: () => number;
  /** Reads one sector from the device itself, past all caches of the system. */
  readonly probe: (sector: ProbeSector) => Probed;
  /**
   * Opens a device again that has gone and come back, if it is the same; the next reads tell.
   * @param isStuck one that has not gone is opened again as well.
   */
  readonly reopen: (isStuck: boolean) => void;
  readonly follower: HealthFollower;
}

/** Told what failures are worth; each is called in the middle of the reader's work and reads nothing. */
export interface HealthFollower {
  /** A read has failed, and what follows from it may be taken back. */
  doubted(): void;
  /** The device has proved alive: all failures until now are true. */
  proved(): void;
  /** The device does not answer. The map is as it was at `doubted`. */
  silent(sinceMs: number): void;
  /** It has been tried again in vain. */
  stillSilent(attempts: number): void;
  /** It answers again. */
  answers(sinceMs: number): void;
}

/**
 * Decides whether the device answers at all, and has the effects of failed reads taken back when it
 * did not. Reader thread only.
 */
export class DeviceHealth {
  readonly #parts: HealthParts;
  readonly #outage = new Outage();
  readonly #sectors: KnownSectors;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#sectors = new KnownSectors(parts.map, parts.sectorSize);
  }

  /** Some failures are not proved yet. */
  get isDoubtful(): boolean {
    return this.#outage.isDoubtful;
  }

  get isSilent(): boolean {
    return this.#outage.silentSinceMs !== undefined;
  }

  /** How long a silent device rests on, milliseconds. */
  restMs(nowMs: number): number {
    return this.#outage.restMs(nowMs);
  }

  /** A read has brought bytes from `offset` on. @param isProof see `Outage.succeeded`. */
  good(offset: number, isProof: boolean): void {
    this.#sectors.note(offset);
    this.#answered(isProof);
  }

  #answered(isProof: boolean): void {
    const wasDoubtful = this.#outage.isDoubtful;
    this.#outage.succeeded(isProof);
    if (wasDoubtful && isProof) this.#proved();
  }

  /**
   * A read has failed as one of a bad sector does. To be told before anything is made of it.
   * @param saysBad the drive says "medium error": while it has read nothing that it can be measured by, that is
   *   an answer.
   */
  bad(saysBad: boolean): void {
    if (saysBad && !this.#sectors.hasRead) return this.#answered(true);
    if (!this.#outage.isDoubtful) {
      this.#parts.unproved.begin();
      this.#parts.follower.doubted();
    }
    this.#outage.failed(this.#parts.now());
  }

  /**
   * The system says that the device is not there, or ends before the sector that was read.
   * @returns false when it answers elsewhere.
   */
  vanished(): boolean {
    if (this.isSilent) return true;
    const sectors = this.#sectors.choose(SECTORS_PER_CHECK);
    if (sectors.some((sector) => this.#parts.probe(sector) === "good")) {
      this.#answered(true);
      return false;
    }
    this.#outage.vanished(this.#parts.now());
    this.#fallSilent();
    return true;
  }

  /**
   * Reads known good sectors, if it is time for that.
   * @returns whether anything was read.
   */
  check(urgency: Urgency): boolean {
    const { now } = this.#parts;
    if (!this.#outage.isCheckDue(urgency, now())) return false;
    const sectors = this.#sectors.choose(SECTORS_PER_CHECK);
    let reads = 0;
    const answers = sectors.some((sector) => {
      reads++;
      return this.#answersAt(sector);
    });
    // What the probe has found may have ended the doubt already.
    if (!this.#outage.isDoubtful) return true;
    const isKnown = sectors.some(({ from }) => from !== "untried");
    this.#outage.checked(answers ? "answers" : isKnown ? "silent" : "untold", now(), reads);
    if (answers) this.#proved();
    else if (this.isSilent) this.#fallSilent();
    return true;
  }

  /** Tries a silent device again, when it has rested. @returns whether it answers. */
  attempt(): boolean {
    const { now, reopen, follower } = this.#parts;
    const sinceMs = this.#outage.silentSinceMs;
    if (sinceMs === undefined || this.#outage.restMs(now()) > 0) return false;
    reopen(this.#outage.isStuck);
    const sectors = this.#sectors.choose(SECTORS_PER_CHECK);
    const answers = sectors.some((sector) => this.#answersAt(sector));
    this.#outage.attempted(answers, now());
    if (answers) follower.answers(sinceMs);
    else follower.stillSilent(this.#outage.attempts);
    return answers;
  }

  /** A drive that says "medium error" of a sector answers, unless it has read that very sector before. */
  #answersAt(sector: ProbeSector): boolean {
    const probed = this.#parts.probe(sector);
    return probed === "good" || probed === "medium error" && sector.from !== "this run";
  }

  #proved(): void {
    this.#parts.unproved.proved();
    this.#parts.follower.proved();
  }

  #fallSilent(): void {
    this.#parts.unproved.takeBack();
    this.#parts.follower.silent(this.#outage.silentSinceMs!);
  }
}
