// Finds the image of a medium that has been here before under another name: in another drive, at another
// place, or when its start could still be read. By the sidecars in one folder; nothing is read of the medium.
import { join } from "@std/path";
import { UserError } from "../base/errors.ts";
import type { Identity } from "../file/identity.ts";
import { compareIdentity } from "../file/identity_comparison.ts";
import { isRegular, statPathIfThere } from "../file/path_stat.ts";
import { closeFd, openFile, tryLock } from "../sys/fd.ts";
import { O_RDWR } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import { readSidecar } from "./sidecar.ts";

const SIDECAR = ".img.json";
/** Sidecars that are looked at: a folder may hold many discs, but it may also be anything. */
const MAX_SIDECARS = 10_000;

/** The image in `folder` that is known to be of this medium and not in use; of several the first by name. */
export function findImage(folder: string, identity: Identity): string | undefined {
  for (const name of sidecarsIn(folder)) {
    const sidecar: string = join(folder, name);
    const image = sidecar.slice(0, -".json".length);
    const known = readIfSound(sidecar);
    if (known === undefined || compareIdentity(known, identity).verdict !== "same") continue;
    if (isFree(image)) return image;
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

function sidecarsIn(folder: string): string[] {
  try {
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    return names.filter((name) => name.endsWith(SIDECAR)).sort().slice(0, MAX_SIDECARS);
  } catch (error) {
    // There is no such folder, or no right to look into it: whoever writes there will say so.
    if (error instanceof Error) return [];
    throw error;
  }
}

/** A damaged one is of no use here; it is complained about when its image is named. */
function readIfSound(sidecar: string): Identity | undefined {
  try {
    return readSidecar(sidecar);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
