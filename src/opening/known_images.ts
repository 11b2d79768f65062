// The images in a folder with what their sidecars say of them. Nothing is read of any device.
import { join } from "@std/path";
import { UserError } from "../base/errors.ts";
import type { Identity } from "../identity/identity.ts";
import { readSidecar } from "./sidecar.ts";

const SIDECAR = ".img.json";
/** Sidecars that are looked at: a folder may hold many discs, but it may also be anything. */
const MAX_SIDECARS = 10_000;

/** An image that has a sidecar; whether it is still there has not been looked at. */
export interface KnownImage {
  readonly path: string;
  readonly identity: Identity;
}

/** The images in `folder`, by name. Damaged sidecars are left out. */
export function* knownImages(folder: string): Generator<KnownImage> {
  for (const name of sidecarsIn(folder)) {
    const sidecarPath: string = join(folder, name);
    const identity = readIfSound(sidecarPath);
    if (identity !== undefined) yield { path: sidecarPath.slice(0, -".json".length), identity };
  }
}

function sidecarsIn(folder: string): string[] {
  try {
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    return names.filter((name) => name.endsWith(SIDECAR)).sort().slice(0, MAX_SIDECARS);
  } catch (error) {
    // There is no such folder, or no right to look into it: creating the image will report that.
    if (error instanceof Error) return [];
    throw error;
  }
}

/** A damaged one is of no use here; it is complained about when its image is named. */
function readIfSound(sidecarPath: string): Identity | undefined {
  try {
    return readSidecar(sidecarPath);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
