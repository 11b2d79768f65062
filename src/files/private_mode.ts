// How private what is made of a source is: its image, and everything beside that.
import { identityOf } from "../sys/fd.ts";
import { S_IROTH } from "../sys/statx.ts";
import { isRegular } from "../host/path_stat.ts";

const OWNER_MAY_BOTH = 0o600;
const READ_AND_WRITE = 0o666;

/**
 * Permission bits of files that are made of an open source: its own, as it is. Its owner may write to them at any
 * rate. A device that not everybody may read is opened to a group for other reasons than to let it read what is
 * kept of it: those files are their owner's alone.
 */
export function modeOfCopies(deviceFd: number): number {
  const stat = identityOf(deviceFd);
  const isPrivate = !isRegular(stat) && (stat.mode & S_IROTH) === 0;
  return isPrivate ? OWNER_MAY_BOTH : stat.mode & READ_AND_WRITE | OWNER_MAY_BOTH;
}
