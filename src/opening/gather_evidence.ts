// Gathers what is known about whether a device holds the medium that an image is of. The thread that opens the
// cache; blocks as reads of the device do.
import type { Stretch } from "../identity/identity.ts";
import { serialWitnesses } from "../identity/identity_evidence.ts";
import type { Evidence } from "../identity/medium_evidence.ts";
import type { Volume } from "../filesystems/volume.ts";
import { FAILED, FINISHED } from "../map/statuses.ts";
import { ImageDeviceComparison, type Subject } from "./image_device_comparison.ts";

/** The evidence, and what was found on the way. */
export interface Gathered {
  readonly evidence: Evidence;
  /** What the device has where it differs from the image. */
  readonly changed: readonly Stretch[];
  /** As the device shows it, or the image. */
  readonly volume: Volume | null;
}

/** Reads at most MAX_REREADS stretches; what the map calls bad is not among them. */
export function gatherEvidence(subject: Subject): Gathered {
  const { map, now, knownIdentity } = subject;
  const comparison = new ImageDeviceComparison(subject);
  comparison.run();
  return {
    evidence: {
      ...serialWitnesses(knownIdentity, now),
      ids: comparison.ids(),
      findings: comparison.findings,
      imageBytes: map.total(FINISHED),
      comparedBytes: comparison.comparedBytes,
      hasFailures: map.find(0, map.size, FAILED) >= 0,
      sizes: subject.sizes,
      size: now.size,
      knownSectorSize: knownIdentity?.sectorSize ?? null,
      sectorSize: now.sectorSize,
    },
    changed: comparison.changed,
    volume: comparison.volume(),
  };
}
