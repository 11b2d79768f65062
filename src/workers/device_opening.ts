// The reader worker's part in opening a device: whatever comes of it, main gets one message.
import { EXIT_FAILURE } from "../base/exit_codes.ts";
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { FileInUse } from "../opening/file_in_use.ts";
import { abandonMedium } from "../opening/open_medium.ts";
import { type OpenDevice, openDevice } from "../opening/open_device.ts";
import { MediumLeft, MediumRefused } from "../device/medium_errors.ts";
import { PHASE_SERVING, READER_BUSY_SINCE, SharedState } from "../shared/shared_state.ts";
import { ENODEV, ENOENT, ENOMEDIUM, ENXIO } from "../sys/errno.ts";
import { tryPread } from "../sys/fd.ts";
import type { UringReader } from "../sys/io_uring.ts";
import { SystemError } from "../sys/system_error.ts";
import type { OpenInit, ReaderMessage } from "./reader_init.ts";

/** What a drive says whose medium, or which itself, has gone while it was opened. */
const GONE = [ENOMEDIUM, ENXIO, ENODEV, ENOENT];

/** @returns the open device, or undefined when main has been told why there is none. */
export function openForMain(
  { open, isDrive, state, sessions }: OpenInit,
  uring: UringReader | undefined,
  tell: (message: ReaderMessage) => void,
): OpenDevice | undefined {
  const shared = new SharedState(state, sessions);
  const counters = shared.readerCounters;
  const read: typeof tryPread = uring === undefined
    ? tryPread
    : (...args) => uring.tryPread(...args);
  try {
    const opened = openDevice(open, (...args) => {
      counters[READER_BUSY_SINCE] = performance.timeOrigin + performance.now();
      const result = read(...args);
      counters[READER_BUSY_SINCE] = 0;
      return result;
    }, (message, hints) => tell({ type: "warning", message, hints }));
    if (shared.phase === PHASE_SERVING) {
      const { medium, writeFd, guard } = opened;
      tell({ type: "opened", opened: { medium, writeFd, isCertain: guard?.isCertain ?? true } });
      return opened;
    }
    letGo(opened);
  } catch (error) {
    tell(messageOf(error, open.device, isDrive));
  }
  return undefined;
}

/** Closes a device of which nothing was served, and removes what was made for it. */
export function letGo(device: OpenDevice): void {
  abandonMedium(device.medium);
  device.close();
}

/** @throws what is neither the medium's nor the user's fault. */
function messageOf(error: unknown, device: string, isDrive: boolean): ReaderMessage {
  if (isDrive && hasLeft(error)) return { type: "mediumLeft" };
  if (error instanceof UserError) {
    const { message, hints, exitCode } = error;
    const ofMedium = error instanceof MediumRefused;
    const isInUse = error instanceof FileInUse;
    return { type: "refused", refusal: { message, hints, exitCode, ofMedium, isInUse } };
  }
  if (!(error instanceof SystemError)) throw error;
  const message = `cannot open "${printable(device)}": ${error.message}`;
  return {
    type: "refused",
    refusal: { message, hints: [], exitCode: EXIT_FAILURE, ofMedium: isDrive, isInUse: false },
  };
}

function hasLeft(error: unknown): boolean {
  if (error instanceof MediumLeft) return true;
  const system = error instanceof UserError ? error.cause : error;
  return system instanceof SystemError && GONE.includes(system.errno);
}
