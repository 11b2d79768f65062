// Whose turn it is. A turn is one slice of the device's time: one device read, one piece of a write, or sectors of
// one rescue until one of them fails, or a request comes. Pure: it chooses, the reader carries out. Reader thread
// only.
//
// The session whose last turn lies furthest back goes first. So each session has a turn before any has a
// second one, and between the arrival of a request and the next turn of its session lie at most the slice
// under way and one turn of each other session; a session that has asked for nothing lately waits for the
// slice under way alone. Each session decides how to use its turn (session_requests.ts).
//
// A session that waits only for rescues has its turn in the same order, but not before TURNS_PER_RESCUE turns
// have gone to healthy areas, as long as something healthy waits: one failing read may take seconds. A session
// that waits for both spends every other turn of its own on a rescue, under the same condition.
import { KIND_READ_AHEAD } from "../shared/shared_state.ts";
import type { PendingRead } from "./pending_read.ts";
import type { PendingRescue } from "./pending_rescue.ts";
import type { SessionRequests } from "./session_requests.ts";

/** Turns of healthy requests for each turn of a rescue, while both wait: so every rescue ends. */
export const TURNS_PER_RESCUE = 3;

/** Decides whose turn at the device it is. No I/O. Reader thread only. */
export class Turns {
  readonly #sessions: readonly SessionRequests[];
  /** Number of the last turn. */
  #turn = 0;
  /** Healthy turns since a rescue had one. */
  #sinceRescue = 0;
  /** What `next` has chosen: a read or a write ... */
  request: PendingRead | undefined = undefined;
  /** ... or a rescue; never both. */
  rescue: PendingRescue | undefined = undefined;

  /** @param sessions all of them, those included that ask for nothing. */
  constructor(sessions: readonly SessionRequests[]) {
    this.#sessions = sessions;
  }

  /** Chooses `request` or `rescue`, and counts the turn. @returns false when nothing waits. */
  next(): boolean {
    let healthy: SessionRequests | undefined;
    let sick: SessionRequests | undefined;
    for (const session of this.#sessions) {
      if (session.isHealthy && goesBefore(session, healthy)) healthy = session;
      if (session.isHeld && goesBefore(session, sick)) sick = session;
    }
    this.request = this.rescue = undefined;
    if (sick !== undefined && (healthy === undefined || this.#mayRescue(sick, healthy))) {
      this.#rescueFor(sick);
    } else if (healthy !== undefined) {
      this.#sinceRescue++;
      healthy.lastTurn = ++this.#turn;
      healthy.hasRescued = false;
      this.request = healthy.next();
    }
    return sick !== undefined || healthy !== undefined;
  }

  /** The first rescue begins: healthy areas have their turns before it. */
  beginRescues(): void {
    this.#sinceRescue = 0;
  }

  /**
   * The hint that is read when nothing else waits, or undefined: read-ahead first, whose client is reading on
   * at this moment, in turn between the sessions.
   */
  nextHint(hints: readonly PendingRead[]): PendingRead | undefined {
    let next: PendingRead | undefined;
    for (const hint of hints) if (next === undefined || this.#isBefore(hint, next)) next = hint;
    if (next !== undefined) this.#sessions[next.session].lastHint = ++this.#turn;
    return next;
  }

  #isBefore(hint: PendingRead, other: PendingRead): boolean {
    if (hint.kind !== other.kind) return hint.kind === KIND_READ_AHEAD;
    return this.#sessions[hint.session].lastHint < this.#sessions[other.session].lastHint;
  }

  /** Whether `sick` has the turn although `healthy` waits. */
  #mayRescue(sick: SessionRequests, healthy: SessionRequests): boolean {
    if (this.#sinceRescue < TURNS_PER_RESCUE || sick.lastTurn > healthy.lastTurn) return false;
    return !(sick.isHealthy && sick.hasRescued);
  }

  #rescueFor(session: SessionRequests): void {
    this.#sinceRescue = 0;
    session.lastTurn = ++this.#turn;
    session.hasRescued = true;
    this.rescue = session.nextRescue();
    this.rescue.lastTurn = this.#turn;
  }
}

function goesBefore(session: SessionRequests, other: SessionRequests | undefined): boolean {
  return other === undefined || session.lastTurn < other.lastTurn;
}
