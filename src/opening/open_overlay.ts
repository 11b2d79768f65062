// Opens the overlay of a medium: a new one, or one of an earlier run, which must be of this very device. Beside
// FILE stands FILE.map, which says which of its bytes count, and in a comment of which device they are. Main
// thread, at start.
//
// A new FILE gets its size last: so a kill at any moment leaves nothing in the way of the next start, as an
// empty FILE is a new one. An image can never be taken for an overlay, nor an overlay for an image: what tells
// them apart is that comment. ddrescue may read FILE.map, but must not replace it.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { formatSize } from "../base/sizes.ts";
import { findEntry, removeFile } from "../files/entry.ts";
import { evidenceOf } from "../identity/identity_evidence.ts";
import { identityFromJson, identityToJson } from "../identity/identity_json.ts";
import { decideMedium } from "../identity/medium_decision.ts";
import { MediumRefused } from "../device/medium_errors.ts";
import { fileKey } from "../host/block_stack.ts";
import type { Identity } from "../identity/identity.ts";
import { statPathIfThere } from "../host/path_stat.ts";
import { overlayWarnings } from "../files/overlay_place.ts";
import { checkOverlayPlace } from "../files/place.ts";
import { replaceFile } from "../files/replace_file.ts";
import { FileMap } from "../map/file_map.ts";
import { encodeMapfile, type Mapfile } from "../map/mapfile.ts";
import { fileMapOf, mapfileOf } from "../map/mapfile_conversion.ts";
import { FINISHED } from "../map/statuses.ts";
import { closeFd, identityOf, pread, syncFd, truncateFd, tryLock } from "../sys/fd.ts";
import { SystemError } from "../sys/system_error.ts";
import { sha1 } from "../identity/fingerprint.ts";
import { byHolder, FileInUse } from "../host/lock_holder.ts";
import { mapOf, type Medium } from "./open_medium.ts";
import { sampleStretches } from "../identity/sample_stretches.ts";
import {
  OVERLAY_SETTING,
  OVERLAY_WORDS_BYTES,
  type OverlayParts,
} from "../session/overlay_parts.ts";
import { parseIfThere } from "./read_mapfile.ts";

/** Stretches of the device by which an overlay knows it, beside the image's number. */
const STRETCHES = 8;

/** Clients may write smaller pieces than the device's sectors. */
const LEAST_PIECE = 512;

const OTHER = {
  hints: [
    "name another file with --overlay FILE, one that does not exist yet or an earlier overlay",
  ],
};

/** What to open. */
export interface OverlayRequest {
  /** As it was named on the command line. */
  readonly path: string;
  /** The device's, as it was named. */
  readonly devicePath: string;
  /** Go on although it cannot be confirmed to be of this device; never when it differs. */
  readonly force: boolean;
  /** Of blkcache. */
  readonly version: string;
  readonly commandLine: string;
}

/** An open overlay. Plain data: sessions make their Overlay of it. */
export interface OpenOverlay extends Omit<OverlayParts, "map" | "tell" | "disk"> {
  readonly map: SharedArrayBuffer;
  /** Bytes that it holds from an earlier run. */
  readonly heldBytes: number;
}

/** @throws {UserError} when it cannot be used; {MediumRefused} when it is of another device. */
export function openOverlay(
  request: OverlayRequest,
  medium: Medium,
  warn: (message: string, hints: readonly string[]) => void,
): OpenOverlay {
  const { path } = request;
  const mapPath = `${path}.map`;
  for (const each of [path, mapPath]) {
    checkOverlayPlace(each, request.devicePath);
    checkApart(each, medium);
  }
  const mapfile = parseIfThere(mapPath);
  const isOurs = mapfile?.settings.has(OVERLAY_SETTING);
  if (mapfile !== undefined && !isOurs) {
    throw new UserError(
      `"${printable(mapPath)}" is there already, and is not the map of an overlay`,
      OTHER,
    );
  }
  const { mode } = medium;
  const { fileFd, created } = openOrCreate(path, mode);
  try {
    if (!tryLock(fileFd)) {
      throw new FileInUse(
        `another program is using the overlay "${printable(path)}"${byHolder(fileFd)}`,
        {
          hints: ["end the other blkcache first, or name another file with --overlay FILE"],
        },
      );
    }
    const isNew = identityOf(fileFd).size === 0;
    for (const { message, hints } of overlayWarnings(path, request.devicePath, medium.size)) {
      warn(message, hints);
    }
    if (isNew && mapfile?.statuses.includes(FINISHED)) {
      warn(`what the overlay "${printable(path)}" has held is gone: beginning anew`, []);
    }
    const map = isNew
      ? FileMap.create(medium.size, { sectorSize: LEAST_PIECE })
      : resume(request, medium, fileFd, mapPath, mapfile, warn);
    const startTime = new Date();
    const identity = JSON.stringify(identityToJson(identityFor(medium)));
    const comments = isNew ? [] : mapfile?.comments ?? [];
    if (isNew) {
      const blank = mapfileOf(map.snapshot(), comments, new Map([[OVERLAY_SETTING, identity]]));
      const heading = { ...request, startTime, currentTime: startTime };
      replaceFile(mapPath, encodeMapfile(blank, heading), mode);
      truncateFd(fileFd, medium.size);
      syncFd(fileFd);
    }
    return {
      path,
      mapPath,
      fileFd,
      mode,
      map: map.buffer,
      words: new SharedArrayBuffer(OVERLAY_WORDS_BYTES),
      version: request.version,
      commandLine: request.commandLine,
      comments,
      identity,
      startTime,
      heldBytes: map.total(FINISHED),
    };
  } catch (error) {
    closeFd(fileFd);
    if (created) removeFile(path);
    if (!(error instanceof SystemError)) throw error;
    throw new UserError(`cannot use the overlay "${printable(path)}": ${error.message}`, {
      hints: ["name a file on a disk with room, of a file system without a size limit"],
      cause: error,
    });
  }
}

/** The files of the cache are not those of the overlay, whatever their names. */
function checkApart(path: string, { imagePath, mapPath, sidecarPath }: Medium): void {
  const stat = statPathIfThere(path);
  if (stat === undefined) return;
  for (const other of [imagePath, mapPath, sidecarPath]) {
    const otherStat = statPathIfThere(other);
    if (otherStat === undefined || fileKey(stat) !== fileKey(otherStat)) continue;
    throw new UserError(
      `the overlay needs "${printable(path)}", which is a file of the image: "${printable(other)}"`,
      { hints: ["name another file with --overlay FILE"] },
    );
  }
}

function openOrCreate(path: string, mode: number): { fileFd: number; created: boolean } {
  try {
    using entry = findEntry(path, { followLink: true });
    const there = entry.open("overlay", true);
    return there === undefined
      ? { fileFd: entry.create(mode), created: true }
      : { fileFd: there, created: false };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new UserError(error.message, {
      hints: ["name an overlay in a directory that you can write to: --overlay FILE"],
      cause: error,
    });
  }
}

/** The map of an overlay that has been used before. @throws {UserError} when it is none, or of another device. */
function resume(
  request: OverlayRequest,
  medium: Medium,
  fileFd: number,
  mapPath: string,
  mapfile: Mapfile | undefined,
  warn: (message: string, hints: readonly string[]) => void,
): FileMap {
  const name = `"${printable(request.path)}"`;
  if (mapfile === undefined) {
    throw new UserError(
      `${name} holds data, but there is no "${printable(mapPath)}" that says which`,
      OTHER,
    );
  }
  confirm(request, medium, knownIdentity(mapfile, mapPath), warn);
  const { size } = identityOf(fileFd);
  if (size !== medium.size) {
    throw new UserError(
      `the overlay ${name} has ${size} bytes, and the device ${medium.size}`,
      { hints: [size < medium.size ? "it was cut short" : "another program has changed it"] },
    );
  }
  return fileMapOf(mapfile, medium.size, mapPath, { sectorSize: LEAST_PIECE });
}

/**
 * An overlay that was made beside this very image is of its device. Else what it knows of its device is compared
 * with the device, and with what the image has: nothing is read for it.
 */
function confirm(
  { path, force }: OverlayRequest,
  medium: Medium,
  known: Identity,
  warn: (message: string, hints: readonly string[]) => void,
): void {
  if (known.imageId !== null && known.imageId === medium.identity.imageId) return;
  const map = mapOf(medium);
  const stretches = known.stretches.flatMap(({ offset, length }) => {
    if (offset + length > map.size || !map.isFinished(offset, offset + length)) return [];
    const bytes = new Uint8Array(length);
    if (pread(medium.imageFd, bytes, offset) !== length) return [];
    return [{ offset, length, sha1: sha1(bytes) }];
  });
  const evidence = evidenceOf(known, { ...medium.identity, stretches });
  const { answer, reason, isHarmless } = decideMedium(evidence);
  const name = `the overlay "${printable(path)}"`;
  if (answer === "other") throw new MediumRefused(`${name} is of another device: ${reason}`, OTHER);
  if (answer === "same" || isHarmless) return;
  if (!force) {
    throw new MediumRefused(`cannot tell whether ${name} is of this device: ${reason}`, {
      hints: ["if you know that it is, go on with --force; else name another file"],
    });
  }
  warn(`going on with ${name} because of --force, though it may be of another device`, [reason]);
}

/** What an overlay is told by at the next start, should the image have gone by then. */
function identityFor(medium: Medium): Identity {
  const { sectorSize, identity, imageFd } = medium;
  const samples = sampleStretches(mapOf(medium), imageFd, { count: STRETCHES, sectorSize });
  const stretches = samples.filter(({ isTelling }) => isTelling)
    .map(({ offset, bytes }) => ({ offset, length: bytes.length, sha1: sha1(bytes) }));
  return { ...identity, stretches };
}

function knownIdentity({ settings }: Mapfile, mapPath: string): Identity {
  try {
    return identityFromJson(JSON.parse(settings.get(OVERLAY_SETTING)!));
  } catch (error) {
    if (!(error instanceof UserError || error instanceof SyntaxError)) throw error;
    // Without the cause: the engine's own sentence would show what is in the file.
    throw new UserError(`what "${printable(mapPath)}" says of the device is damaged`, {
      hints: ["name another file with --overlay FILE"],
    });
  }
}

/** A sentence about it at the start. */
export function overlaySentence({ path, heldBytes }: OpenOverlay): string {
  const held = heldBytes === 0 ? "" : `, which holds ${formatSize(heldBytes)} already`;
  return `writes go to the overlay "${printable(path)}"${held}; the device is not written to`;
}
