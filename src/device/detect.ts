// Which class serves a path, and what to say of a path that none does.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { isDirectory, statPath } from "../host/path_stat.ts";
import { Device } from "./device.ts";
import { File } from "./file.ts";
import { openError } from "../files/open_error.ts";
import { Removable } from "./removable.ts";
import { S_IFCHR, S_IFMT } from "../sys/statx.ts";

/** The classes that can open a source. */
export type SourceClass = typeof File | typeof Device | typeof Removable;

/**
 * Finds the class for a path: Removable, then Device, then File. Opens nothing, so it works for an
 * empty drive and without the right to read.
 * @throws {UserError} for what can never be a source: directories, character devices, sockets, nothing.
 */
export function detect(path: string): SourceClass {
  const found = [Removable, Device, File].find((source) => checked(path, source));
  if (found) return found;
  throw notASource(path);
}

function checked(path: string, source: SourceClass): boolean {
  try {
    return source.check(path);
  } catch (error) {
    throw openError(path, error);
  }
}

function notASource(path: string): unknown {
  const name = `"${printable(path)}"`;
  const list = '"blkcache detect" lists the devices that there are';
  try {
    const stat = statPath(path);
    if (isDirectory(stat)) {
      return new UserError(`${name} is a directory, not a device or a file`, {
        hints: [
          `name the device that it is mounted from ("findmnt -no SOURCE ${printable(path)}")`,
        ],
      });
    }
    if ((stat.mode & S_IFMT) === S_IFCHR) {
      return new UserError(`${name} is a character device, which cannot be read at an offset`, {
        hints: [`name its block device (/dev/sr0 for /dev/sg0); ${list}`],
      });
    }
    return new UserError(`${name} is neither a block device nor a regular file`, { hints: [list] });
  } catch (error) {
    return openError(path, error);
  }
}
