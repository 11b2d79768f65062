// Finds the image of a medium that has been here before under another name: in another drive, at another
// place, or when its start could still be read. By the sidecars in one folder; nothing is read of the medium.
import { UserError } from "../base/errors.ts";
import { findEntry } from "../file/entry.ts";
import type { Identity } from "../file/identity.ts";
import { compareIdentity } from "../file/identity_comparison.ts";
import { closeFd, tryLock } from "../sys/fd.ts";
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
  try {
    using entry = findEntry(image, { followLink: true });
    const fd = entry.open("image", true);
    if (fd === undefined) return false;
    try {
      return tryLock(fd);
    } finally {
      closeFd(fd);
    }
  } catch (error) {
    if (error instanceof SystemError || error instanceof UserError) return false;
    throw error;
  }
}
