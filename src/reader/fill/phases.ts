// In which order a fill works through the map. The map's phase says where it is, in a run that goes on as well:
// ddrescue's, and a phase of ddrescue's 1.30 that is not written here (`%`) is understood.
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  type Phase,
} from "../../map/statuses.ts";
import type { PhaseWork } from "./phase_work.ts";
import { mostSkipped } from "./skip.ts";
import { SWEEPING_PASS } from "./sweeping.ts";
import type { Wanted } from "./wanted.ts";

/** What each is for, in the order in which they are worked through. */
const STATUSES = [
  ["?", NON_TRIED],
  ["*", NON_TRIMMED],
  ["/", NON_SCRAPED],
  ["-", BAD_SECTOR],
] as const;

/** A phase that reads. */
export type ReadingPhase = typeof STATUSES[number][0];

/** The order of the phases. */
export class Phases {
  readonly #wanted: Wanted;
  readonly #works: Readonly<Partial<Record<Phase, readonly PhaseWork[]>>>;

  /** Takes up the phase in the map, where what it is for is still there. */
  constructor(wanted: Wanted, works: Readonly<Record<ReadingPhase, readonly PhaseWork[]>>) {
    this.#wanted = wanted;
    this.#works = works;
    const { phase, pass } = wanted.map;
    const first = this.#first();
    // Trimming and scraping begin at the start: what they have done is no longer theirs.
    const resumes = phase === first && (phase === "-" || (phase === "?" && pass <= SWEEPING_PASS));
    if (!resumes && first !== undefined) this.#enter(first);
  }

  /** Who may have a read to make in the present phase. */
  get works(): readonly PhaseWork[] {
    return this.#works[this.#wanted.map.phase] ?? [];
  }

  /** The phase in the map is over. @returns false when nothing is left. */
  beginNext(): boolean {
    const next = this.#first();
    // Clients may have left something behind for an earlier phase.
    if (next !== undefined && (next !== "-" || this.#wanted.map.phase !== "-")) {
      this.#enter(next);
      return true;
    }
    this.#leave();
    return false;
  }

  /** The first phase that something is left for, or undefined. */
  #first(): Phase | undefined {
    for (const [phase, status] of STATUSES) if (this.#wanted.has(status)) return phase;
    return undefined;
  }

  #enter(phase: Phase): void {
    const { map } = this.#wanted;
    const isSwept = phase === "?" && "*%/-".includes(map.phase) && this.#isToBeSwept();
    this.#set(phase, isSwept ? SWEEPING_PASS : 1);
  }

  #set(phase: Phase, pass: number): void {
    const { map } = this.#wanted;
    map.phase = phase;
    map.pass = pass;
    map.position = 0;
  }

  /** Copying is over: what it has left of non-tried areas lies between failures, or is small. */
  #isToBeSwept(): boolean {
    const { map } = this.#wanted;
    const isGood = (at: number) => at < 0 || at >= map.size || map.at(at) === FINISHED;
    for (let at = 0; this.#wanted.next(at, NON_TRIED); at = this.#wanted.end) {
      const { start, end } = this.#wanted;
      const isWide = end - start > mostSkipped(map.size);
      if (isWide && (isGood(start - 1) || isGood(end))) return false;
    }
    return true;
  }

  /** Nothing is left in the domain: the map says what is to be done outside of it, if anything is. */
  #leave(): void {
    const { map } = this.#wanted;
    if (map.total(FINISHED) === map.size) {
      map.phase = "+";
      return;
    }
    for (const [phase, status] of STATUSES) {
      if (map.total(status) === 0) continue;
      // A pass of retrying that is to come keeps its direction.
      if (phase !== "-" || map.phase !== "-") this.#set(phase, 1);
      return;
    }
  }
}
