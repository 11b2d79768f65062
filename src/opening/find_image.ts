// Chooses the image of a medium for which none was named: the one of an earlier run, under whatever name the device
// had then, or a new one. The thread that opens the cache; blocks as reads of the device do.
import { join } from "@std/path";
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { typedAgain } from "../base/shell_command.ts";
import { Device } from "../device/device.ts";
import { findEntry } from "../files/entry.ts";
import { FINGERPRINT_BYTES } from "../identity/fingerprint.ts";
import { identify, identifyUnread, type Identity, identityId } from "../identity/identity.ts";
import { serialWitnesses } from "../identity/identity_evidence.ts";
import { decideMedium, type Decision } from "../identity/medium_decision.ts";
import { isRegular, statPathIfThere } from "../host/path_stat.ts";
import { Removable } from "../device/removable.ts";
import { FAILED } from "../map/statuses.ts";
import { closeFd, tryLock } from "../sys/fd.ts";
import { SystemError } from "../sys/system_error.ts";
import { unknownMedium } from "./confirm_medium.ts";
import type { CacheRequest } from "./cache_request.ts";
import { gatherEvidence } from "./gather_evidence.ts";
import type { IdentityReads } from "./identity_reads.ts";
import { type KnownCache, readKnownCache } from "./known_cache.ts";
import { knownImages } from "./known_images.ts";
import { readSidecar, sidecarPathOf } from "./sidecar.ts";

/** The medium, and where its image may lie. */
export type ImageChoice = Pick<
  CacheRequest,
  "device" | "size" | "sectorSize" | "name" | "folder" | "mapPath" | "force" | "shownAs" | "warn"
>;

/** Images that are compared at most: a stack of discs has as many of one size, perhaps. */
const MAX_CANDIDATES = 64;
/** Names with a number that are tried: NAME-ID-2.img and so on. */
const MAX_NAMES = 1000;
/** A difference in size that may be another adapter's: see medium_decision.ts. */
const NEAR_BYTES = 8 * 4096;

/** An image that may be of the medium. */
interface Candidate {
  readonly path: string;
  readonly identity: Identity | undefined;
}

/**
 * The path of the image: one that exists is of this medium, or has to be looked at by who opens it.
 * @throws {MediumRefused} when one may be of this medium, and blkcache cannot tell.
 */
export function chooseImage(choice: ImageChoice, reads: IdentityReads): string {
  const now = identifyUnread(choice.device, { sectorSize: choice.sectorSize });
  const candidates = candidatesOf(choice, now);
  const known = new Map(candidates.map(({ path }) => [path, knownCacheOf(choice, path)]));
  const identifyHead = () => {
    reads.map = undefined;
    return identify(choice.device, { read: reads.read, sectorSize: choice.sectorSize });
  };
  // Where the start of one of them is known to be bad, that one is looked at before the start is read.
  const mayRead = [...known.values()].every((cache) => cache === undefined || mayReadHead(cache));
  const head = mayRead ? identifyHead() : undefined;
  const likely: { path: string; decision: Decision }[] = [];
  const search = (list: readonly Candidate[]): string | undefined => {
    for (const candidate of inOrder(list, now, head)) {
      const cache = known.get(candidate.path) ?? knownCacheOf(choice, candidate.path);
      if (cache === undefined) continue;
      const decision = compare(candidate.path, cache, now, reads);
      if (decision?.answer === "same" || decision?.isHarmless) return candidate.path;
      if (decision?.answer === "cannot tell" && decision.isLikely) {
        likely.push({ path: candidate.path, decision });
      }
    }
    return undefined;
  };
  const found = search(candidates);
  if (found !== undefined) return found;

  const id = identityId(head ?? identifyHead());
  const seen = new Set(candidates.map(({ path }) => path));
  const fresh = newName(choice, id, (path) => {
    if (seen.has(path)) return false;
    if (!isOthers(path, now)) return true;
    const identity = undefined;
    return isFree(path) && search([{ path, identity }]) !== undefined;
  });
  if (likely.length === 0) return fresh;
  return asked(choice, likely, fresh);
}

/** One may be it: the user decides. A disc is read once more rather than refused: a stack of them goes on. */
function asked(
  choice: ImageChoice,
  [first, ...more]: { path: string; decision: Decision }[],
  fresh: string,
): string {
  const { device, force, warn, shownAs } = choice;
  const { path, decision } = first!;
  const typed = { devicePath: device.path, shownAs };
  if (device instanceof Removable && device.optical) {
    warn(
      `the disc gets an image of its own, though "${printable(path)}" may be of it: ` +
        decision.reason,
      [`to go on with that one: ${typedAgain(typed, path, "--force ")}`],
    );
    return fresh;
  }
  if (force && more.length === 0) return path;
  throw unknownMedium(decision, {
    ...typed,
    imagePath: path,
    isNamed: false,
    force,
    warn,
  });
}

/** The first of NAME-ID.img, NAME-ID-2.img and so on that will do. */
function newName(
  { folder, name }: ImageChoice,
  id: string,
  willDo: (path: string) => boolean,
): string {
  for (let number = 1; number < MAX_NAMES; number++) {
    const path: string = join(folder, `${name}-${id}${number === 1 ? "" : `-${number}`}.img`);
    if (willDo(path)) return path;
  }
  throw new UserError(`there are ${MAX_NAMES} images of the name "${name}-${id}" already`, {
    hints: ["name an IMAGE"],
  });
}

/** The images in the folder that may be of this medium, judged without reading them. */
function candidatesOf({ folder, device, name, size }: ImageChoice, now: Identity): Candidate[] {
  const candidates: Candidate[] = [];
  for (const { path, identity } of knownImages(folder)) {
    // Names of devices come and go, those of files are the user's.
    const isOfFile = device instanceof Device || path.startsWith(join(folder, `${name}-`));
    const { serial } = serialWitnesses(identity, now);
    const isNear = [...identity.accepted.sizes, identity.size].some((known) =>
      Math.abs(known - size) <= NEAR_BYTES
    );
    if (!isOfFile || serial.verdict === "differs") continue;
    if ((isNear || serial.verdict === "agrees") && isFree(path)) {
      candidates.push({ path, identity });
    }
    if (candidates.length === MAX_CANDIDATES) break;
  }
  return candidates;
}

/** Those that are likely first: each comparison costs reads. Those that show another medium are left out. */
function inOrder(
  candidates: readonly Candidate[],
  now: Identity,
  head: Identity | undefined,
): Candidate[] {
  const rank = ({ identity }: Candidate) => {
    if (identity === undefined) return 0;
    if (serialWitnesses(identity, now).serial.verdict === "agrees") return 2;
    return head?.fingerprint != null && identity.fingerprint === head.fingerprint ? 1 : 0;
  };
  return candidates.filter((candidate) => rank(candidate) > 0 || !isClearlyOther(candidate, head))
    .sort((one, other) => rank(other) - rank(one));
}

/** Another volume in another head: no read is needed to see that. */
function isClearlyOther({ identity }: Candidate, head: Identity | undefined): boolean {
  const [known, now] = [identity?.volume, head?.volume];
  if (!identity?.fingerprint || !head?.fingerprint) return false;
  if (identity.fingerprint === head.fingerprint || known == null || now == null) return false;
  if (known.kind !== now.kind) return false;
  return (["id", "created", "label"] as const).some((field) =>
    known[field] !== null && now[field] !== null && known[field] !== now[field]
  );
}

function mayReadHead({ map }: KnownCache): boolean {
  return map.find(0, Math.min(map.size, FINGERPRINT_BYTES), FAILED) < 0;
}

/** Undefined when its files cannot be used; a user who names the image gets the error. */
function knownCacheOf(choice: ImageChoice, path: string): KnownCache | undefined {
  const { size, sectorSize, mapPath } = choice;
  try {
    return readKnownCache({
      imagePath: path,
      mapPath: mapPath ?? `${path}.map`,
      size,
      sectorSize,
      warn: () => {},
    });
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function compare(
  path: string,
  cache: KnownCache,
  now: Identity,
  reads: IdentityReads,
): Decision | undefined {
  const { knownIdentity, sizes, map } = cache;
  reads.map = map;
  return withOpenImage(
    path,
    (imageFd) =>
      decideMedium(gatherEvidence({ knownIdentity, now, sizes, imageFd, map, reads }).evidence),
  );
}

/** False where nothing is, or where who opens it has to say what is the matter with it. */
function isOthers(path: string, now: Identity): boolean {
  const stat = statPathIfThere(path);
  if (stat === undefined || !isRegular(stat) || stat.size === 0) return false;
  if (statPathIfThere(`${path}.map`) === undefined) return false;
  const known = readIfSound(sidecarPathOf(path));
  if (known === "damaged") return false;
  if (known !== undefined && serialWitnesses(known, now).serial.verdict === "differs") return true;
  return isFree(path);
}

function readIfSound(sidecarPath: string): Identity | undefined | "damaged" {
  try {
    return readSidecar(sidecarPath);
  } catch (error) {
    if (error instanceof UserError) return "damaged";
    throw error;
  }
}

/** True for a file that no other blkcache works with: a copy of the medium may be in another drive. */
function isFree(imagePath: string): boolean {
  return withOpenImage(imagePath, tryLock) ?? false;
}

/** Undefined when it cannot be opened, or must not be trusted. */
function withOpenImage<T>(path: string, use: (image: number) => T): T | undefined {
  let image: number | undefined;
  try {
    using entry = findEntry(path, { followLink: true });
    image = entry.open("image", true);
  } catch (error) {
    if (error instanceof SystemError || error instanceof UserError) return undefined;
    throw error;
  }
  if (image === undefined) return undefined;
  try {
    return use(image);
  } finally {
    closeFd(image);
  }
}
