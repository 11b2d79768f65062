// Evidence from which a case of a test departs.
import { type Evidence, witnessOf } from "../../../src/identity/medium_evidence.ts";

const MIB = 2 ** 20;
/** Bytes of the device. */
export const SIZE = 32 * MIB;

/** Nothing is known but that the image has data. */
export const NOTHING: Evidence = {
  serial: witnessOf(null, null),
  usbSerial: witnessOf(null, null),
  ids: [],
  findings: [],
  imageBytes: 16 * MIB,
  comparedBytes: 0,
  hasFailures: false,
  sizes: [SIZE],
  size: SIZE,
  knownSectorSize: 512,
  sectorSize: 512,
};
