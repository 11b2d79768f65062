// Opens the cache of an open source, with what a run needs to know of both. On main before any worker starts,
// or, for a drive, on the reader's thread: identifying a sick disc takes minutes.
import { UserError } from "../base/errors.ts";
import { Device } from "../device/device.ts";
import {
  type DiscLayout,
  discLayout,
  plainLayout,
  refuseAudioDisc,
} from "../identity/disc_layout.ts";
import { type TryReadBytes, tryReaderOf } from "../identity/identity.ts";
import { MediumLeft } from "../device/medium_errors.ts";
import { checkMapPlace, checkPlace, checkSidecarPlace } from "../files/place.ts";
import { Removable } from "../device/removable.ts";
import type { Source, SourceRequest } from "./source.ts";
import { readToc } from "../identity/toc.ts";
import { sidecarPathOf } from "./sidecar.ts";
import { FileMap } from "../map/file_map.ts";
import { closeFd } from "../sys/fd.ts";
import { modeOfCopies } from "../files/private_mode.ts";
import type { CachePlace } from "./cache_request.ts";
import { type OpenCache, openCache } from "./open_cache.ts";
import { removeFile } from "../files/entry.ts";
import { intentsPathOf } from "../reader/write_intents.ts";

/** What to open, in the words of the command line. Plain data. */
export interface MediumRequest extends SourceRequest, CachePlace {
  /** False: the image must not exist yet, as it is going to be deleted. */
  readonly keepCache: boolean;
}

/**
 * A source and its cache, open: the one record of a medium, from its opening to its end. Plain data: it crosses threads,
 * and its descriptors belong to the process.
 */
export interface Medium extends Omit<OpenCache, "map"> {
  /** Memory of the map. */
  readonly map: SharedArrayBuffer;
  /** Descriptor of the source. */
  readonly deviceFd: number;
  /** Block devices are read so that a hang does not keep the process from ending. */
  readonly blockDevice: boolean;
  /** Permission bits for copies of the source; see `modeOfCopies`. */
  readonly mode: number;
  readonly size: number;
  readonly sectorSize: number;
  readonly layout: DiscLayout;
  readonly model: string | undefined;
}

/** A medium without what only main needs to save the mapfile, which may be large. */
export type SharedMedium = Omit<Medium, "mapfile" | "tail">;

/** The part of a medium that main hands to other threads. */
export function sharedPart({ mapfile: _mapfile, tail: _tail, ...shared }: Medium): SharedMedium {
  return shared;
}

/** Receives remarks that are worth a sentence but no refusal. */
export type Warn = (message: string, hints: readonly string[]) => void;

/**
 * @throws {UserError} when it cannot be; nothing has been created then. {MediumRefused}: another medium may do.
 * @throws {MediumLeft} when the medium is no longer there.
 */
export function openMedium(request: MediumRequest, source: Source, warn: Warn): Medium {
  const { file, size, sectorSize } = source;
  const toc = file instanceof Removable && file.optical ? readToc(file.fd) : undefined;
  refuseAudioDisc(request.devicePath, toc);
  const cache = openCache({
    ...request,
    device: file,
    read: guarded(source),
    size,
    sectorSize,
    checkPlace: (image) => checkPlaces(image, request.mapPath ?? `${image}.map`, source, warn),
    warn,
  });
  if (!request.keepCache && !cache.fresh) {
    closeFd(cache.imageFd);
    throw new UserError(`--no-keep-cache would delete an earlier rescue: "${cache.imagePath}"`, {
      hints: ["leave --no-keep-cache out, or name an IMAGE that does not exist yet"],
    });
  }
  const optical = file instanceof Removable && file.optical;
  return {
    ...cache,
    map: cache.map.buffer,
    deviceFd: file.fd,
    blockDevice: file instanceof Device,
    mode: modeOfCopies(file.fd),
    size,
    sectorSize,
    layout: optical ? discLayout(size, sectorSize, cache.identity.volume, toc) : plainLayout(size),
    model: file instanceof Device ? file.model : undefined,
  };
}

/** The map of a medium, as a view of this thread's own. */
export function mapOf(medium: Pick<Medium, "map">): FileMap {
  return FileMap.attach(medium.map);
}

/**
 * Gives up a medium that was opened and not used, and removes the files that were made for it.
 * @param unused resolves when no thread uses the image any more; default: none does.
 */
export function abandonMedium(medium: Medium, unused?: Promise<unknown>): void {
  if (medium.fresh) removeCache(medium);
  if (unused === undefined) closeFd(medium.imageFd);
  else void unused.then(() => closeFd(medium.imageFd));
}

/** Reads of a medium that may leave: bytes count only when it is still there after the read. */
function guarded({ file, guard }: Source): TryReadBytes {
  const read = tryReaderOf(file);
  if (guard === undefined) return read;
  return (offset, length) => {
    const bytes = read(offset, length);
    if (!guard.isSame()) throw new MediumLeft();
    return bytes;
  };
}

/** Refuses first: warnings follow when image and mapfile can both be used. */
function checkPlaces(imagePath: string, mapPath: string, { file, size }: Source, warn: Warn): void {
  const findings = checkPlace({ imagePath, devicePath: file.path, size });
  const refusal = findings.find(({ severity }) => severity === "refuse");
  if (refusal) throw new UserError(refusal.message, { hints: refusal.hints });
  checkMapPlace(mapPath, file.path);
  checkSidecarPlace(sidecarPathOf(imagePath), file.path);
  for (const { message, hints } of findings) warn(message, hints);
}

/** Deletes the files of a cache, as far as they are there. */
export function removeCache(
  { imagePath, mapPath, sidecarPath }: Pick<OpenCache, "imagePath" | "mapPath" | "sidecarPath">,
): void {
  for (
    const path of [imagePath, mapPath, `${mapPath}.bak`, sidecarPath, intentsPathOf(imagePath)]
  ) {
    removeFile(path);
  }
}
