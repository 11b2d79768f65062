// The evidence of whether a device holds the medium that an image is of. Plain data: gathered in src/opening,
// judged in medium_decision.ts.

/** What both sides say of one thing; a witness of which one side is silent is "unknown". */
export interface Witness {
  readonly verdict: "agrees" | "differs" | "unknown";
  /** As text for a person; null where that side says nothing. */
  readonly known: string | null;
  readonly now: string | null;
}

/** An id that a table, a volume or a file system got when it was made, and that never changes. */
export interface IdWitness {
  /** "partition table id". */
  readonly what: string;
  readonly known: string;
  readonly now: string;
  /** It numbers this very disk, not only what is on it: a RAID member's own number. */
  readonly isOwn?: boolean | undefined;
}

/** One stretch of the image that was read from the device again. Offsets are bytes. */
export interface Finding {
  readonly offset: number;
  readonly length: number;
  /**
   * `explained`: it differs, but only where a mount or a repair writes. `accepted`: it differs, and is as it was
   * when the user went on nevertheless.
   */
  readonly result: "equal" | "accepted" | "explained" | "differs" | "unreadable";
  /** False for content that many media share. */
  readonly isTelling: boolean;
  /** It lies where media of one make, or of one origin, are alike. */
  readonly isHead: boolean;
  /** What is there, where that is known: "superblock". */
  readonly what?: string | undefined;
  /** It lies in a file system that cannot be written to. */
  readonly isReadOnly?: boolean | undefined;
}

/** Everything that is known. Sizes are bytes. */
export interface Evidence {
  /** Of a disk that answers for itself. */
  readonly serial: Witness;
  /** Of a USB enclosure, reader or stick: they invent and repeat such numbers. */
  readonly usbSerial: Witness;
  readonly ids: readonly IdWitness[];
  readonly findings: readonly Finding[];
  /** Bytes that the image has, and how many of them were compared. */
  readonly imageBytes: number;
  readonly comparedBytes: number;
  /** The map calls some of the device unreadable. */
  readonly hasFailures: boolean;
  /** Sizes of devices that the image is known to belong to, the newest last; empty when none is known. */
  readonly sizes: readonly number[];
  readonly size: number;
  /** Null when it is unknown. */
  readonly knownSectorSize: number | null;
  readonly sectorSize: number;
}

/** A witness of two values, of which null is silent. */
export function witnessOf(known: string | null, now: string | null): Witness {
  const verdict = known === null || now === null ? "unknown" : known === now ? "agrees" : "differs";
  return { verdict, known, now };
}

/** Bytes at the start in which media are alike that are not the same: boot code, tables, empty space. */
export function headEnd(size: number): number {
  return Math.min(1 << 20, size / 8);
}

/** True for a serial number that makers put into thousands of devices, or that says nothing. */
export function isInventedSerial(serial: string): boolean {
  const digits = serial.replaceAll(/[^0-9A-Za-z]/g, "").toUpperCase();
  if (digits === "" || /^(.)\1*$/.test(digits)) return true;
  const upwards = "0123456789ABCDEF0123456789ABCDEF";
  return digits.length >= 4 && (upwards.includes(digits) || "1234567890".includes(digits));
}
