// Whether two identities are of one medium. Mixing two media destroys a rescue, so "same" needs proof;
// a first 64 KiB that is blank, or that a clone on another disk shares, is none.
import type { File } from "./file.ts";
import { FINGERPRINT_BYTES } from "./file.ts";
import {
  identify,
  type IdentifyOptions,
  identifyUnread,
  type Identity,
  readerOf,
  type Stretch,
  withBudget,
} from "./identity.ts";
import { sha1 } from "./sha1.ts";

/** `unknown`: nothing contradicts, nothing proves. */
export type Verdict = "same" | "different" | "unknown";

/** One field that both sides know and that differs, as text for a person. */
export interface Difference {
  field: string;
  known: string;
  now: string;
}

/** A verdict and the fields behind it. */
export interface Comparison {
  verdict: Verdict;
  differences: Difference[];
  /** The fields that agree, as proof. */
  proofs: string[];
}

/** Compares what both sides know. `known` is the older one. */
export function compareIdentity(known: Identity, now: Identity): Comparison {
  const contradictions = [
    ...differing("size", known.size, now.size),
    ...differing("fingerprint", known.fingerprint, now.fingerprint),
    ...differingVolume(known, now),
    ...differingStretches(known, now),
  ];
  // A disk in another enclosure has another serial number; so has the disk that it was cloned to.
  const suspicions = [
    ...differing("model", known.model, now.model),
    ...differing("serial number", known.serial, now.serial),
  ];
  const proofs = proofsOf(known, now, suspicions.length > 0);
  const verdict = contradictions.length > 0 ? "different" : proofs.length > 0 ? "same" : "unknown";
  return { verdict, differences: [...contradictions, ...suspicions], proofs };
}

/**
 * Identifies a source and compares it with what is known, reading only until that decides it: nothing,
 * then the head (unless it is known to be unreadable and need not be tried again), then the known
 * stretches one by one. The identity holds what was found on the way, which may be less than `known`.
 */
export function recognize(
  known: Identity,
  file: File,
  options: IdentifyOptions = {},
): { identity: Identity; comparison: Comparison } {
  let identity = identifyUnread(file, options);
  let comparison = compareIdentity(known, identity);
  if (comparison.verdict === "unknown" || known.fingerprint && comparison.verdict === "same") {
    identity = identify(file, options);
    comparison = compareIdentity(known, identity);
  }
  const read = withBudget(options.read ?? readerOf(file));
  for (const { offset, length } of known.stretches) {
    if (comparison.verdict !== "unknown") break;
    const bytes = read(offset, length);
    if (bytes?.length !== length) continue;
    const stretch = { offset, length, sha1: sha1(bytes) };
    identity = { ...identity, stretches: [...identity.stretches, stretch] };
    comparison = compareIdentity(known, identity);
  }
  return { identity, comparison };
}

function proofsOf(known: Identity, now: Identity, suspicious: boolean): string[] {
  const proofs = commonStretches(known, now)
    .filter(([one, other]) => one.sha1 === other.sha1)
    .map(([{ offset, length }]) => `${length} bytes at ${offset}`);
  if (suspicious) return proofs;
  if (agree(known.fingerprint, now.fingerprint) && !isBlank(known)) proofs.push("fingerprint");
  const sameKind = known.volume?.kind === now.volume?.kind;
  const [one, other] = sameKind ? [known.volume, now.volume] : [null, null];
  if (agree(one?.created, other?.created)) proofs.push("date of the volume");
  if (agree(one?.id, other?.id) && !/^0+$/.test(one?.id ?? "")) proofs.push("id of the volume");
  if (agree(known.serial, now.serial)) proofs.push("serial number");
  return proofs;
}

/** True for a head of equal bytes, as a new or wiped disk has it. */
function isBlank({ fingerprint, size }: Identity): boolean {
  return [0x00, 0xff].some((byte) => {
    const head = new Uint8Array(Math.min(FINGERPRINT_BYTES, size)).fill(byte);
    return sha1(head).startsWith(fingerprint ?? "-");
  });
}

function differingVolume({ volume: known }: Identity, { volume: now }: Identity): Difference[] {
  // Where a part cannot be read, the same medium can look like another kind.
  if (!known || !now || known.kind !== now.kind) return [];
  return (["label", "created", "modified", "id", "size"] as const).flatMap((field) =>
    differing(`volume ${field}`, known[field], now[field])
  );
}

function differingStretches(known: Identity, now: Identity): Difference[] {
  return commonStretches(known, now).flatMap(([one, other]) =>
    differing(`hash of ${one.length} bytes at ${one.offset}`, one.sha1, other.sha1)
  );
}

function commonStretches(known: Identity, now: Identity): [Stretch, Stretch][] {
  return known.stretches.flatMap((one) =>
    now.stretches.filter((other) => one.offset === other.offset && one.length === other.length)
      .map((other): [Stretch, Stretch] => [one, other])
  );
}

/** Nothing is made of what one side does not know. */
function differing<T extends string | number>(
  field: string,
  known: T | null,
  now: T | null,
): Difference[] {
  if (known === null || now === null || known === now) return [];
  return [{ field, known: String(known), now: String(now) }];
}

function agree(one: string | null | undefined, other: string | null | undefined): boolean {
  return one != null && one === other;
}
