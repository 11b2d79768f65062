// Every way in which a run of `serve` or `mount` can end, and the exit code of each. Pure.
//
// With --exit-when-complete, code 0 is a promise that `&& eject` relies on: all that was wanted is in the image.
// Without it, a run that is ended in order has done what was asked of it.
import {
  EXIT_DONE,
  EXIT_FAILURE,
  EXIT_HUNG_UP,
  EXIT_INTERRUPTED,
  EXIT_LIMIT,
  EXIT_NO_ROOM,
  EXIT_NOT_ANSWERING,
  EXIT_TERMINATED,
  EXIT_UNREADABLE,
} from "../base/exit_codes.ts";
import type { FillEnd } from "../reader/fill/fill_parts.ts";

/** The signals that end a run in order. */
export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** Why a run ends in order before its work is done: a signal, or the limit of --max-hours. */
export type StopReason = StopSignal | "time is over";

/**
 * Why a run, or the serving of one medium, is over. What a fill ends with counts as a reason only where the run
 * ends with the fill.
 */
export type RunEndReason =
  | StopReason
  | FillEnd
  /** The device answers nothing any more, and has been given up. */
  | "not answering"
  /** The device, or the medium in it, is no longer there. */
  | "medium gone"
  /** The image's disk is full, and has been given up. */
  | "no room"
  /** The mounted file, which ends the run with it, was unmounted. */
  | "unmounted"
  /** The reader's thread has died of an error of ours. */
  | "reader failed";

/** How a run has ended. */
export interface RunEnd {
  readonly reason: RunEndReason;
  /** --exit-when-complete. */
  readonly mustComplete: boolean;
  /** All of the device, or of the domain, is `+`, and the sample, if one was wanted, agrees with the image. */
  readonly isComplete: boolean;
  /** The last save of everything that the run keeps has succeeded. */
  readonly isSaved: boolean;
  /** The image was deleted, cut short, or could not be read back. */
  readonly isImageDamaged: boolean;
}

/** The exit code of a run that has ended so. */
export function exitCodeOf(end: RunEnd): number {
  const { reason, mustComplete, isComplete, isSaved, isImageDamaged } = end;
  if (!isSaved || reason === "reader failed") return EXIT_FAILURE;
  if (mustComplete && isImageDamaged) return EXIT_FAILURE;
  if (isComplete) return EXIT_DONE;
  switch (reason) {
    case "complete":
      return EXIT_UNREADABLE;
    case "too many errors":
    case "too many errors per second":
    case "time is over":
      return EXIT_LIMIT;
    case "map full":
    case "reads are refused":
      return EXIT_FAILURE;
    case "not answering":
      return EXIT_NOT_ANSWERING;
    case "no room":
      return EXIT_NO_ROOM;
    case "medium gone":
      return mustComplete ? EXIT_NOT_ANSWERING : EXIT_DONE;
    case "unmounted":
    case "SIGINT":
      return mustComplete ? EXIT_INTERRUPTED : EXIT_DONE;
    case "SIGTERM":
      return mustComplete ? EXIT_TERMINATED : EXIT_DONE;
    case "SIGHUP":
      return mustComplete ? EXIT_HUNG_UP : EXIT_DONE;
  }
}

/** The exit code of a run that serves one medium after the other. */
export class MediaCodes {
  /** By image: what the run would have ended with when its medium left. */
  readonly #codes = new Map<string, number>();

  /** The medium of `image` has left. The same one may come back, and be completed. */
  left(imagePath: string, code: number): void {
    if (code === EXIT_DONE) this.#codes.delete(imagePath);
    else this.#codes.set(imagePath, code);
  }

  /** The run ends with `code`; a success does not hide what an earlier medium lacks. */
  atEnd(code: number): number {
    if (code !== EXIT_DONE) return code;
    const [first = EXIT_DONE] = this.#codes.values();
    return first;
  }
}
