// Finds the image of a medium that has been here before under another name: in another drive, at another
// place, or when its start could still be read. By the sidecars in one folder; nothing is read of the medium.
import type { Identity } from "../file/identity.ts";
import { compareIdentity } from "../file/identity_comparison.ts";
import { isRegular, statPathIfThere } from "../file/path_stat.ts";
import { closeFd, openFile, tryLock } from "../sys/fd.ts";
import { O_RDWR } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import { knownImages } from "./known_images.ts";

/** The image in `folder` that is known to be of this medium and not in use; of several the first by name. */
export function findImage(folder: string, identity: Identity): string | undefined {
  for (const { path, identity: known } of knownImages(folder)) {
    if (compareIdentity(known, identity).verdict === "same" && isFree(path)) return path;
  }
  return undefined;
}

/** True for a file that no other blkcache works with: a copy of the medium may be in another drive. */
function isFree(image: string): boolean {
  const stat = statPathIfThere(image);
  if (stat === undefined || !isRegular(stat)) return false;
  try {
    const fd = openFile(image, O_RDWR);
    try {
      return tryLock(fd);
    } finally {
      closeFd(fd);
    }
  } catch (error) {
    if (error instanceof SystemError) return false;
    throw error;
  }
}
