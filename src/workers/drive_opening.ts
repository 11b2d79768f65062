// The reader worker's part in opening a drive: whatever comes of it, main gets one message.
import { EXIT_FAILURE } from "../base/exit_codes.ts";
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { abandonMedium } from "../cache/open_medium.ts";
import { type OpenDrive, openDrive } from "../cache/open_drive.ts";
import { MediumLeft } from "../file/medium_guard.ts";
import { MediumRefused } from "../file/medium_refused.ts";
import { PHASE_SERVING, READER_BUSY_SINCE, SharedState } from "../shared/shared_state.ts";
import { ENODEV, ENOENT, ENOMEDIUM, ENXIO } from "../sys/errno.ts";
import { tryPread } from "../sys/fd.ts";
import type { UringReader } from "../sys/io_uring.ts";
import { SystemError } from "../sys/system_error.ts";
import type { DriveInit, ReaderMessage } from "./reader_init.ts";

/** What a drive says whose medium, or which itself, has gone while it was opened. */
const GONE = [ENOMEDIUM, ENXIO, ENODEV, ENOENT];

/** @returns the open drive, or undefined when main has been told why there is none. */
export function openForMain(
  { drive, state, sessions }: DriveInit,
  uring: UringReader | undefined,
  tell: (message: ReaderMessage) => void,
): OpenDrive | undefined {
  const shared = new SharedState(state, sessions);
  const counters = shared.readerCounters;
  const read: typeof tryPread = uring === undefined
    ? tryPread
    : (...args) => uring.tryPread(...args);
  try {
    const opened = openDrive(drive, (...args) => {
      counters[READER_BUSY_SINCE] = performance.timeOrigin + performance.now();
      const result = read(...args);
      counters[READER_BUSY_SINCE] = 0;
      return result;
    }, (message, hints) => tell({ type: "warning", message, hints }));
    if (shared.phase === PHASE_SERVING) {
      tell({ type: "opened", medium: opened.medium });
      return opened;
    }
    letGo(opened);
  } catch (error) {
    tell(messageOf(error, drive.device));
  }
  return undefined;
}

/** Closes a drive of which nothing was served, and removes what was made for it. */
export function letGo(drive: OpenDrive): void {
  abandonMedium(drive.medium);
  drive.close();
}

/** @throws what is neither the medium's nor the user's fault. */
function messageOf(error: unknown, device: string): ReaderMessage {
  if (error instanceof MediumLeft) return { type: "mediumLeft" };
  const system = error instanceof UserError ? error.cause : error;
  if (system instanceof SystemError && GONE.includes(system.errno)) return { type: "mediumLeft" };
  if (error instanceof UserError) {
    const { message, hints, exitCode } = error;
    const ofMedium = error instanceof MediumRefused;
    return { type: "refused", refusal: { message, hints, exitCode, ofMedium } };
  }
  if (!(error instanceof SystemError)) throw error;
  const message = `cannot open "${printable(device)}": ${error.message}`;
  return {
    type: "refused",
    refusal: { message, hints: [], exitCode: EXIT_FAILURE, ofMedium: true },
  };
}
