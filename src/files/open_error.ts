// The error for a path of the user's that cannot be opened, with a hint.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { EACCES, EBUSY, ENODEV, ENOENT, ENOMEDIUM, ENXIO, EPERM, EROFS } from "../sys/errno.ts";
import { SystemError } from "../sys/system_error.ts";

const HINTS: ReadonlyMap<number, string> = new Map([
  [EACCES, "run it as root (sudo), or ask for the right to read it"],
  [EPERM, "run it as root (sudo), or ask for the right to read it"],
  [EROFS, "it is write-protected: leave out --write-through"],
  [EBUSY, "another program holds it: unmount it, or end that program"],
  [ENOENT, '"blkcache detect" lists the devices that there are'],
  [ENXIO, 'the device has gone: plug it in again, then look at "blkcache detect"'],
  [ENODEV, 'the device has gone: plug it in again, then look at "blkcache detect"'],
  [ENOMEDIUM, "insert a disc, or name another drive"],
]);

/** A SystemError of opening `path` as a UserError with its hint; anything else as it is. */
export function openError(path: string, error: unknown): unknown {
  if (error instanceof SystemError) {
    if (error.errno === ENOMEDIUM) return noMedium(path, error);
    const hint = HINTS.get(error.errno);
    return new UserError(error.message, { hints: hint ? [hint] : [], cause: error });
  }
  return error;
}

/** The drive is empty. `cause` is a SystemError with ENOMEDIUM. */
export function noMedium(
  path: string,
  cause: SystemError = new SystemError(ENOMEDIUM, "open", { path }),
): UserError {
  return new UserError(`cannot read "${printable(path)}": no medium (ENOMEDIUM)`, {
    hints: [HINTS.get(ENOMEDIUM)!],
    cause,
  });
}
