// Has the kernel look for media changes by itself. udev normally sees to that; on a live system without
// it the disk sequence number stands still until a program opens the drive.
import { SystemError } from "../sys/system_error.ts";
import { readSpecialFile, writeSpecialFile } from "../host/special_file.ts";
import type { SysfsBlock } from "../host/sysfs.ts";

const DEFAULT_POLL_PATH = "/sys/module/block/parameters/events_dfl_poll_msecs";

/**
 * Switches kernel polling on where it is off (-1, and no system-wide default); disposing puts it back.
 * @param onFailure told, in a sentence, when it cannot be switched: a read-only sysfs, no right to.
 */
export function pollByKernel(
  block: SysfsBlock,
  intervalMs: number,
  onFailure: (message: string) => void,
): Disposable {
  const path = block.diskPath("events_poll_msecs");
  const before = block.diskAttribute("events_poll_msecs");
  const none = { [Symbol.dispose]: () => {} };
  if (!needsSwitch(before, block.diskAttribute("events"), readSpecialFile(DEFAULT_POLL_PATH))) {
    return none;
  }
  const during = String(intervalMs);
  if (!write(path, during, onFailure)) return none;
  return {
    [Symbol.dispose]: () => {
      // A program that has changed it meanwhile, or a drive that was unplugged, has the last word.
      if (block.diskAttribute("events_poll_msecs") === during) write(path, before!, onFailure);
    },
  };
}

/** True when the kernel does not poll: the drive can report changes, has no interval and there is no default. */
export function needsSwitch(
  interval: string | undefined,
  events: string | undefined,
  systemDefault: string | undefined,
): boolean {
  return interval === "-1" && (events ?? "").includes("media_change") &&
    !(Number(systemDefault ?? 0) > 0);
}

function write(path: string, text: string, onFailure: (message: string) => void): boolean {
  try {
    writeSpecialFile(path, text);
    return true;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    onFailure(error.message);
    return false;
  }
}
