// The holder of a file's lock, for messages. Main thread, or the thread that opens the file. Source: proc_locks(5).
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { deviceNumbers, identityOf } from "../sys/statx.ts";
import { readKernelFile, type ReadText } from "./memory_limit.ts";

/** Characters of a command that are shown. */
const MOST_CHARACTERS = 80;

/** An image or an overlay is locked: by another program, or by this one, which has not let go of it yet. */
export class FileInUse extends UserError {
  override name = "FileInUse";
}

/**
 * The process that holds the flock(2) lock of an open file, as `process 4711: blkcache serve /dev/sr0`; undefined
 * when the system does not tell: it may be in another container, or the file on another machine.
 */
export function lockHolder(fd: number, readText: ReadText = readKernelFile): string | undefined {
  const { dev, ino } = identityOf(fd);
  const { major, minor } = deviceNumbers(dev);
  const pid = holderIn(readText("/proc/locks") ?? "", major, minor, ino);
  if (pid === undefined) return undefined;
  const command = commandOf(readText(`/proc/${pid}/cmdline`) ?? "");
  return `process ${pid}${command === "" ? "" : `: ${command}`}`;
}

/** The same in parentheses behind a sentence, or nothing. */
export function byHolder(fd: number): string {
  const holder = lockHolder(fd);
  return holder === undefined ? "" : ` (${holder})`;
}

/** The holder of a file's flock(2) lock in the text of /proc/locks. */
export function holderIn(
  locks: string,
  major: number,
  minor: number,
  inode: number,
): number | undefined {
  for (const line of locks.split("\n")) {
    // A line with "->" is of one that waits for the lock.
    const [, pid, file] = /^\d+: FLOCK +ADVISORY +WRITE +(\d+) (\S+) /.exec(line) ?? [];
    const [heldMajor, heldMinor, heldInode] = (file ?? "").split(":");
    const isIt = parseInt(heldMajor!, 16) === major && parseInt(heldMinor!, 16) === minor &&
      Number(heldInode) === inode;
    // 0: a process of another namespace, which this one cannot see.
    if (isIt && Number(pid) > 0) return Number(pid);
  }
  return undefined;
}

/** The arguments of a process, which may have chosen them itself, fit for a message. */
export function commandOf(cmdline: string): string {
  const words = printable(cmdline.replaceAll("\0", " ")).trim();
  return words.length > MOST_CHARACTERS ? `${words.slice(0, MOST_CHARACTERS - 3)}...` : words;
}
