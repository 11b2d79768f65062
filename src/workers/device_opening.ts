// The reader worker's part in opening a device: whatever comes of it, main gets one message.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { abandonMedium } from "../opening/open_medium.ts";
import { type OpenDevice, openDevice } from "../opening/open_device.ts";
import { MediumLeft, MediumRefused } from "../device/medium_errors.ts";
import { READER_BUSY_SINCE, SharedState } from "../shared/shared_state.ts";
import { ENODEV, ENOENT, ENOMEDIUM, ENXIO } from "../sys/errno.ts";
import { tryPread } from "../sys/fd.ts";
import type { UringReader } from "../sys/io_uring.ts";
import { SystemError } from "../sys/system_error.ts";
import type { MainThread } from "./main_thread.ts";
import type { OpenInit, ReaderMessage, ReaderOrder } from "./reader_init.ts";

/** What a drive says whose medium, or which itself, has gone while it was opened. */
const GONE = [ENOMEDIUM, ENXIO, ENODEV, ENOENT];

/** @returns the open device, or undefined when main has been told why there is none. */
export function openForMain(
  { open, isDrive, state, sessions }: OpenInit,
  uring: UringReader | undefined,
  main: MainThread<ReaderOrder, ReaderMessage>,
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
    }, (message, hints) => main.tell({ type: "warning", message, hints }));
    if (!shared.ending) {
      const { medium, writeFd, guard } = opened;
      const isCertain = guard?.isCertain ?? true;
      main.tell({ type: "ready", opened: { medium, writeFd, isCertain } });
      return opened;
    }
    letGo(opened);
  } catch (error) {
    main.refuse(refusalOf(error, open.devicePath, isDrive));
  }
  return undefined;
}

/** Closes a device that was never served, and removes the files that were made for it. */
export function letGo(device: OpenDevice): void {
  abandonMedium(device.medium);
  device.close();
}

/** @throws an error that is neither the medium's nor the user's fault. */
function refusalOf(error: unknown, devicePath: string, isDrive: boolean): Error {
  if (isDrive && hasLeft(error)) return new MediumLeft();
  if (error instanceof UserError) return error;
  if (!(error instanceof SystemError)) throw error;
  const kind = isDrive ? MediumRefused : UserError;
  return new kind(`cannot open "${printable(devicePath)}": ${error.message}`);
}

function hasLeft(error: unknown): boolean {
  if (error instanceof MediumLeft) return true;
  const system = error instanceof UserError ? error.cause : error;
  return system instanceof SystemError && GONE.includes(system.errno);
}
