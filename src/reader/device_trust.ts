// How the reader treats failures that the device has not proved alive after, and a device that does not answer at
// all: clients wait, nothing is read but to try it again. Reader thread only.
//
// A read that a failure has brought to its end is answered once the device has proved alive. Until then it is set
// aside (Answering), and that is reason enough for a check, unless another client's read comes first anyway. In a long
// bad stretch checks would become a burden: between two of them clients are told at once, and marks stay provisional.
import {
  READER_ATTEMPTS,
  READER_NEXT_ATTEMPT,
  READER_SILENT_SINCE,
} from "../shared/shared_state.ts";
import { EIO } from "../sys/errno.ts";
import type { Answering } from "./answering.ts";
import type { DeviceHealth, HealthFollower } from "./device_health.ts";
import type { FailedReads } from "./failed_reads.ts";
import type { PendingReads } from "./pending_reads.ts";
import type { ReaderParts } from "./reader_parts.ts";

/**
 * How the reader treats failures that no good read has proved yet, and the time in which the device is
 * silent. Reader thread only.
 */
export class DeviceTrust implements HealthFollower {
  readonly #parts: ReaderParts;
  readonly #pending: PendingReads;
  readonly #answering: Answering;
  readonly #failedReads: FailedReads;
  readonly #now: () => number;
  /** The system's error when the device fell silent. */
  #errno = EIO;

  constructor(
    parts: ReaderParts,
    pending: PendingReads,
    answering: Answering,
    failedReads: FailedReads,
  ) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
    this.#pending = pending;
    this.#answering = answering;
    this.#failedReads = failedReads;
  }

  /** What is to be done before anything else. @returns whether something was; undefined: the device may be read. */
  step(health: DeviceHealth): boolean | undefined {
    if (health.isSilent) return this.#waitSilently(health);
    if (!health.isDoubtful) return undefined;
    const urgency = this.#pending.hasHealthyRead
      ? "none"
      : this.#answering.awaitsProof
      ? "awaited"
      : "ordinary";
    if (health.check(urgency)) return true;
    if (urgency === "awaited") this.#answering.tellUnproved();
    return undefined;
  }

  /** How long until a silent device is tried again, milliseconds; undefined: it answers. */
  restMs(health: DeviceHealth): number | undefined {
    return health.isSilent ? health.restMs(this.#now()) : undefined;
  }

  /** A read has found that the device is not there. @returns false when it is, and only ends too early. */
  vanished(health: DeviceHealth, errno: number): boolean {
    this.#errno = errno;
    const isSilent = health.vanished();
    this.#errno = EIO;
    return isSilent;
  }

  #waitSilently(health: DeviceHealth): boolean {
    const nowMs = this.#now();
    for (const hint of [...this.#pending.hints]) this.#answering.end(hint);
    const { timeoutMs } = this.#parts.settings;
    if (timeoutMs > 0) {
      // Their sessions have told the clients, and need the slots for others.
      for (const read of this.#pending.reads()) {
        read.silentSinceMs ??= nowMs;
        if (nowMs - read.silentSinceMs >= timeoutMs) this.#answering.end(read);
      }
      for (const write of this.#pending.writes()) {
        write.silentSinceMs ??= nowMs;
        if (nowMs - write.silentSinceMs >= timeoutMs) this.#pending.endWrite(write, EIO);
      }
    }
    const restMs = health.restMs(nowMs);
    this.#parts.state.readerCounters[READER_NEXT_ATTEMPT] = performance.timeOrigin + nowMs + restMs;
    if (restMs > 0) return false;
    health.attempt();
    return true;
  }

  // --- what failures are worth ----------------------------------------------------------------------

  doubted(): void {
    this.#parts.fill?.doubted();
  }

  proved(): void {
    this.#parts.fill?.proved();
    this.#answering.proved();
  }

  silent(sinceMs: number): void {
    const counters = this.#parts.state.readerCounters;
    this.#parts.fill?.takenBack();
    this.#failedReads.clear();
    this.#pending.endRescues();
    this.#answering.takenBack();
    counters[READER_ATTEMPTS] = 0;
    counters[READER_NEXT_ATTEMPT] = 0;
    counters[READER_SILENT_SINCE] = performance.timeOrigin + sinceMs;
    this.#parts.observer.deviceSilent(performance.timeOrigin + sinceMs, this.#errno);
  }

  stillSilent(attempts: number): void {
    this.#parts.state.readerCounters[READER_ATTEMPTS] = attempts;
  }

  answers(sinceMs: number): void {
    this.#parts.state.readerCounters[READER_SILENT_SINCE] = 0;
    for (const request of [...this.#pending.reads(), ...this.#pending.writes()]) {
      request.silentSinceMs = undefined;
    }
    this.#parts.observer.deviceAnswers(this.#now() - sinceMs);
  }
}
