// Reads a small file whole: one that lies beside an image, or that an option names. Whatever is there in its place
// (a pipe, a device, a file without end) is an error of one sentence, which names the file and the limit, and shows
// no byte of what is in it. Any thread; blocks as long as the disk does.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { formatSize } from "../base/sizes.ts";
import { closeFd, identityOf, openFile, pread } from "../sys/fd.ts";
import { O_NOCTTY, O_NONBLOCK, O_RDONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import { type Entry, kindOf } from "./entry.ts";
import { isRegular, statPath } from "../host/path_stat.ts";

/** A kind of file that is read whole, with its limits. */
export interface WholeFile {
  /** For messages: "mapfile". */
  readonly what: string;
  /** The longest that such a file can be, bytes. */
  readonly mostBytes: number;
  /** What to do when it cannot be read. */
  readonly hints: readonly string[];
  /** Called with the first LOOK_BYTES of a longer file: throws when it is no such file. */
  readonly checkHead?: (head: Uint8Array<ArrayBuffer>) => void;
}

/** How much of a file is looked at before memory is taken for the rest. */
export const LOOK_BYTES = 65_536;

/**
 * The content of a file beside an image; undefined when there is none.
 * @throws {UserError} when it cannot be read, is not to be trusted, or is too large.
 */
export function readEntry(entry: Entry, readable: WholeFile): Uint8Array<ArrayBuffer> | undefined {
  return saying(readable, () => {
    const fd = entry.open(readable.what);
    return fd === undefined ? undefined : readAndClose(fd, entry.path, readable);
  });
}

/**
 * The content of a file that the command line names to be read, and that nothing is written to: any link is fine.
 * @throws {UserError} as `readEntry`, and when there is none.
 */
export function readNamed(path: string, readable: WholeFile): Uint8Array<ArrayBuffer> {
  return saying(readable, () => {
    // Looked at first, as opening some devices does something.
    checkRegular(path, statPath(path), readable);
    const fd = openFile(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    return readAndClose(fd, path, readable);
  });
}

function readAndClose(fd: number, path: string, readable: WholeFile): Uint8Array<ArrayBuffer> {
  try {
    const stat = identityOf(fd);
    checkRegular(path, stat, readable);
    const { what, mostBytes, hints, checkHead } = readable;
    if (stat.size > mostBytes) {
      throw new UserError(
        `the ${what} "${printable(path)}" has ${formatSize(stat.size)}, and no ${what} has more ` +
          `than ${formatSize(mostBytes)}`,
        { hints },
      );
    }
    if (checkHead !== undefined && stat.size > LOOK_BYTES) {
      const head = new Uint8Array(LOOK_BYTES);
      checkHead(head.subarray(0, pread(fd, head, 0)));
    }
    // Bytes that are appended meanwhile are not ours: files of ours are replaced whole.
    const bytes = memoryFor(stat.size, path, readable);
    return bytes.subarray(0, pread(fd, bytes, 0));
  } finally {
    closeFd(fd);
  }
}

function checkRegular(
  path: string,
  stat: Parameters<typeof isRegular>[0],
  { what, hints }: WholeFile,
): void {
  if (isRegular(stat)) return;
  throw new UserError(
    `the ${what} "${printable(path)}" is not a regular file, but ${kindOf(stat)}`,
    { hints },
  );
}

function memoryFor(
  size: number,
  path: string,
  { what, hints }: WholeFile,
): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(
      `there is not enough memory for the ${what} "${printable(path)}" of ${formatSize(size)}`,
      { hints, cause: error },
    );
  }
}

function saying<T>({ what, hints }: WholeFile, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new UserError(`cannot read the ${what}: ${error.message}`, { hints, cause: error });
  }
}
