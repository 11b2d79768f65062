// What two identities say about whether they are of one medium, without reading any of it. Pure.
import { FINGERPRINT_BYTES, fingerprintOf } from "./fingerprint.ts";
import type { Identity } from "./identity.ts";
import {
  type Evidence,
  type Finding,
  headEnd,
  type IdWitness,
  isInventedSerial,
  type Witness,
  witnessOf,
} from "./medium_evidence.ts";
import type { Volume } from "../filesystems/volume.ts";

/** The facts of both sides that are compared. `known` is the older side. */
export function evidenceOf(known: Identity, now: Identity): Evidence {
  const isHeadKnown = known.fingerprint !== null && now.fingerprint !== null;
  const isWhole = known.fingerprint === now.fingerprint && now.size <= FINGERPRINT_BYTES;
  return {
    ...serialWitnesses(known, now),
    ids: volumeIds(known.volume, now.volume),
    findings: [...isHeadKnown ? [headFinding(known, now)] : [], ...stretchFindings(known, now)],
    // How much an image has is not known here; a medium that is all head has been compared as a whole.
    imageBytes: now.size,
    comparedBytes: isHeadKnown && isWhole ? now.size : 0,
    hasFailures: false,
    sizes: [...known.accepted.sizes, known.size],
    size: now.size,
    knownSectorSize: known.sectorSize,
    sectorSize: now.sectorSize,
  };
}

/** Compares the serial numbers of both sides. A number that many devices share counts as unknown. */
export function serialWitnesses(
  known: Identity | undefined,
  now: Identity,
): Pick<Evidence, "serial" | "usbSerial"> {
  const accepted = known?.accepted.serials ?? [];
  const witness = (one: string | null, other: string | null): Witness => {
    const before = sound(one);
    const after = sound(other);
    return witnessOf(after !== null && accepted.includes(after) ? after : before, after);
  };
  // Partitions share the serial number of their disk, and makers count anew for each model.
  const isOtherPart = known !== undefined && known.serial === now.serial &&
    (known.partition !== now.partition || known.model !== now.model);
  return {
    serial: isOtherPart ? witnessOf(null, now.serial) : witness(known?.serial ?? null, now.serial),
    usbSerial: witness(known?.usbSerial ?? null, now.usbSerial),
  };
}

/** Numbers and dates that a volume keeps for life. Where a part cannot be read it may look like another kind. */
export function volumeIds(known: Volume | null, now: Volume | null): IdWitness[] {
  if (known === null || now === null || known.kind !== now.kind) return [];
  const isDisc = known.kind === "iso9660" || known.kind === "udf";
  return [
    ...idIfBoth(isDisc ? "volume number" : "partition table id", known.id, now.id),
    ...idIfBoth("volume date", known.created, now.created),
    ...isDisc ? idIfBoth("volume label", known.label, now.label) : [],
  ];
}

/** A witness when both sides have a number that is one. */
export function idIfBoth(
  what: string,
  known: string | null,
  now: string | null,
  isOwn = false,
): IdWitness[] {
  const isNone = (id: string | null) => id === null || /^[0-]*$/.test(id);
  return isNone(known) || isNone(now) ? [] : [{ what, known: known!, now: now!, isOwn }];
}

function sound(serial: string | null): string | null {
  return serial !== null && isInventedSerial(serial) ? null : serial;
}

function headFinding(known: Identity, now: Identity): Finding {
  return {
    offset: 0,
    length: Math.min(FINGERPRINT_BYTES, now.size),
    result: known.fingerprint === now.fingerprint ? "equal" : "differs",
    isTelling: !isBlank(now),
    isHead: true,
    what: "fingerprint",
  };
}

/** True for a head of equal bytes, as a new or wiped disk has it. */
function isBlank({ fingerprint, size }: Identity): boolean {
  return [0x00, 0xff].some((byte) => {
    const head = new Uint8Array(Math.min(FINGERPRINT_BYTES, size)).fill(byte);
    return fingerprintOf(head) === fingerprint;
  });
}

/** Stretches of which both sides have a hash; only telling ones are ever written down. */
function stretchFindings(known: Identity, now: Identity): Finding[] {
  return known.stretches.flatMap(({ offset, length, sha1 }) =>
    now.stretches.filter((other) => other.offset === offset && other.length === length)
      .map((other): Finding => ({
        offset,
        length,
        result: other.sha1 === sha1 ? "equal" : "differs",
        isTelling: true,
        isHead: offset < headEnd(now.size),
      }))
  );
}
