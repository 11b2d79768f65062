// The permission bits of files that are made of a source: its image, and the files beside the image.
import { identityOf } from "../sys/fd.ts";
import { S_IROTH } from "../sys/statx.ts";
import { isRegular } from "../host/path_stat.ts";

const OWNER_MAY_BOTH = 0o600;
const READ_AND_WRITE = 0o666;

/**
 * Permission bits of files that are made of an open source: those of the source, and always write permission for the
 * owner. A device that is not readable for all gets files that only their owner can read: a group may have the device
 * for other reasons than to read copies of it.
 */
export function modeOfCopies(deviceFd: number): number {
  const stat = identityOf(deviceFd);
  const isPrivate = !isRegular(stat) && (stat.mode & S_IROTH) === 0;
  return isPrivate ? OWNER_MAY_BOTH : stat.mode & READ_AND_WRITE | OWNER_MAY_BOTH;
}
