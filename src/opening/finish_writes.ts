// The clean end of a run that has written to the device: it writes the device's present state into the sidecar and
// then removes the record of writes. Main thread, after the last write, when the map has been saved.
import { findEntryIfFolder, removeFile } from "../files/entry.ts";
import type { Disk } from "../files/disk.ts";
import { FINGERPRINT_BYTES, fingerprintOf } from "../identity/fingerprint.ts";
import type { Identity } from "../identity/identity.ts";
import { replaceFile } from "../files/replace_file.ts";
import { pread } from "../sys/fd.ts";
import { mapOf, type Medium } from "./open_medium.ts";
import { formatSidecar, type SidecarNotes } from "./sidecar.ts";
import { intentsPathOf } from "../reader/write_intents.ts";

/** Does nothing when nothing has been written. @throws {SystemError} when the sidecar cannot be saved. */
export function finishWrites(medium: Medium, notes: SidecarNotes, disk?: Disk): void {
  const intentsPath = intentsPathOf(medium.imagePath);
  if (!isThere(intentsPath)) return;
  const sidecar = formatSidecar(identityNow(medium), notes);
  replaceFile(medium.sidecarPath, new TextEncoder().encode(sidecar), medium.mode, disk);
  removeRecord(medium);
}

/** The map on disk says what the device has: no region needs to be read again. */
export function removeRecord({ imagePath }: Pick<Medium, "imagePath">): void {
  removeFile(intentsPathOf(imagePath));
}

/** The identity without asking the device: clients may have changed names and dates of a volume. */
function identityNow(medium: Medium): Identity {
  const map = mapOf(medium);
  const head = new Uint8Array(Math.min(FINGERPRINT_BYTES, medium.size));
  const isKnown = map.isFinished(0, head.length) && pread(medium.imageFd, head, 0) === head.length;
  return {
    ...medium.identity,
    fingerprint: isKnown ? fingerprintOf(head) : null,
    volume: null,
    // What was accepted may have been written to as well: it is looked at again beside the image.
    accepted: { ...medium.identity.accepted, stretches: [] },
  };
}

function isThere(path: string): boolean {
  using entry = findEntryIfFolder(path);
  return entry?.look() !== undefined;
}
