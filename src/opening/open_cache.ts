// Opens the cache of a device: a new image, or one of an earlier run (ours or ddrescue's), which must be of
// this very device. The thread that writes the map from then on, or main before that one starts. Nothing is
// created or changed unless all of it can be; what was created is removed again when something fails.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { formatSize } from "../base/sizes.ts";
import { fileKey } from "../host/block_stack.ts";
import { findEntry, removeFile } from "../files/entry.ts";
import type { File } from "../device/file.ts";
import {
  identify,
  identifyUnread,
  type Identity,
  NOTHING_ACCEPTED,
  tryReaderOf,
} from "../identity/identity.ts";
import type { EarlierFailure } from "../reader/reader_parts.ts";
import { modeOfCopies } from "../files/private_mode.ts";
import type { ReadBytes } from "../filesystems/volume.ts";
import type { FileMap } from "../map/file_map.ts";
import type { MapTail } from "../map/map_tail.ts";
import type { Mapfile } from "../map/mapfile.ts";
import {
  closeFd,
  type FileIdentity,
  identityOf,
  isDirect,
  truncateFd,
  tryLock,
} from "../sys/fd.ts";
import { SystemError } from "../sys/system_error.ts";
import { completed, type Confirmed, confirmMedium } from "./confirm_medium.ts";
import type { CacheRequest } from "./cache_request.ts";
import { byHolder, FileInUse } from "../host/lock_holder.ts";
import { chooseImage } from "./find_image.ts";
import { IdentityReads } from "./identity_reads.ts";
import { imageReader } from "./image_bytes.ts";
import { type KnownCache, readKnownCache, withImage } from "./known_cache.ts";
import { sidecarPathOf } from "./sidecar.ts";

/** An open cache. */
export interface OpenCache {
  readonly imagePath: string;
  readonly mapPath: string;
  readonly sidecarPath: string;
  /** Descriptor of the image, locked; as large as the device. */
  readonly imageFd: number;
  /** True when the image was empty: areas without `+` are holes. */
  readonly fresh: boolean;
  readonly map: FileMap;
  /** Comments and settings of an earlier mapfile; undefined when there was none. */
  readonly mapfile: Pick<Mapfile, "comments" | "settings"> | undefined;
  /** What the mapfile knows of bytes that the device does not show. */
  readonly tail: MapTail | undefined;
  readonly identity: Identity;
  /** Reads that have failed a moment ago. */
  readonly failures: readonly EarlierFailure[];
}

/** @throws {UserError} when image, map and device do not belong together or cannot be opened. */
export function openCache(request: CacheRequest): OpenCache {
  const { device, size, sectorSize, warn } = request;
  const read = request.read ?? tryReaderOf(device);
  // What the page cache gives does not prove that the device is alive.
  const reads = new IdentityReads(read, size, sectorSize, isDirect(device.fd));
  const imagePath = request.imagePath ?? chooseImage(request, reads);
  const mapPath = request.mapPath ?? `${imagePath}.map`;
  const sidecarPath = sidecarPathOf(imagePath);
  request.checkPlace(imagePath);
  const known = readKnownCache({ imagePath, mapPath, size, sectorSize, warn });
  const { fresh, map, mapfile, tail } = known;
  reads.map = map;

  // While nothing has been made: a device that hangs leaves nothing behind.
  let identity = fresh ? identityOfFresh(request, imagePath, known, reads) : undefined;
  const mode = modeOfCopies(device.fd);
  const imageFd = openImage(imagePath, known.found, device, mode);
  let mapCreated = false;
  try {
    if (!tryLock(imageFd)) {
      throw new FileInUse(
        `another program is using the image "${printable(imagePath)}"${byHolder(imageFd)}`,
        {
          hints: ["end the other blkcache first, or name another IMAGE"],
        },
      );
    }
    identity ??= identityOfKnown(request, imagePath, known, imageFd, reads);
    // An image with bytes in it is never without a mapfile, even if we are killed in the next instant.
    if (mapfile === undefined) mapCreated = makeBlankMapfile(mapPath, mode);
    growImage(imageFd, imagePath, size);
    reads.keep(imageFd, map);
  } catch (error) {
    closeFd(imageFd);
    if (known.found === undefined) removeFile(imagePath);
    if (mapCreated) removeFile(mapPath);
    throw error;
  }
  const { failures } = reads;
  return {
    imagePath,
    mapPath,
    sidecarPath,
    imageFd,
    fresh,
    map,
    mapfile: mapfile && { comments: mapfile.comments, settings: mapfile.settings },
    tail,
    identity,
    failures,
  };
}

/** Of a new image. A sidecar that is left of an old one may be of another device: then the user is asked. */
function identityOfFresh(
  request: CacheRequest,
  imagePath: string,
  known: KnownCache,
  reads: IdentityReads,
): Identity {
  if (known.knownIdentity !== undefined) confirm(request, imagePath, known, -1, reads);
  const { device, sectorSize } = request;
  const identity = identify(device, { read: reads.read, sectorSize });
  if (request.isOverlaid && identity.serial === null) reads.readWitnesses(known.map);
  return { ...identity, accepted: NOTHING_ACCEPTED, imageId: newImageId() };
}

/** Of an image that has been begun; the start of the device is what the image has, where it has it. */
function identityOfKnown(
  request: CacheRequest,
  imagePath: string,
  known: KnownCache,
  image: number,
  reads: IdentityReads,
): Identity {
  const { device, sectorSize } = request;
  const { accepted, isProven } = confirm(request, imagePath, known, image, reads);
  const fromImage = imageReader(known.map, image);
  const read: ReadBytes = (offset, length) =>
    fromImage(offset, length) ?? reads.read(offset, length);
  const identity = identify(device, { read, sectorSize });
  if (request.isOverlaid && identity.serial === null) reads.readWitnesses(known.map);
  const knownIdentity = isProven ? known.knownIdentity : undefined;
  return {
    ...completed(identity, knownIdentity, accepted),
    imageId: knownIdentity?.imageId ?? newImageId(),
  };
}

function confirm(
  request: CacheRequest,
  imagePath: string,
  { knownIdentity, sizes, map }: KnownCache,
  imageFd: number,
  reads: IdentityReads,
): Confirmed {
  const { device, sectorSize, force, warn, shownAs } = request;
  const now = identifyUnread(device, { sectorSize });
  return confirmMedium(
    {
      devicePath: device.path,
      shownAs,
      imagePath,
      isNamed: request.imagePath !== undefined,
      force,
      warn,
    },
    { knownIdentity, now, sizes, imageFd, map, reads },
  );
}

function newImageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** An empty mapfile says that nothing has been tried, to ddrescue too. @returns true. */
function makeBlankMapfile(path: string, mode: number): boolean {
  try {
    using entry = findEntry(path, { followLink: true });
    closeFd(entry.create(mode));
    return true;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new UserError(`cannot make the mapfile: ${error.message}`, {
      hints: ["name another one with --map FILE"],
      cause: error,
    });
  }
}

/** Opens the image that was found, or makes one. */
function openImage(
  path: string,
  found: FileIdentity | undefined,
  device: File,
  mode: number,
): number {
  return withImage(path, (entry) => {
    if (found === undefined) return entry.create(mode);
    const image = entry.open("image", true);
    const now = image === undefined ? undefined : fileKey(identityOf(image));
    if (now === fileKey(found) && now !== fileKey(identityOf(device.fd))) return image!;
    if (image !== undefined) closeFd(image);
    throw new UserError(`the image "${printable(path)}" has been replaced at this moment`, {
      hints: ["start again"],
    });
  });
}

function growImage(image: number, path: string, size: number): void {
  try {
    if (identityOf(image).size < size) truncateFd(image, size);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new UserError(
      `cannot make the image "${printable(path)}" ${formatSize(size)} large: ${error.message}`,
      { hints: ["name an IMAGE on a file system with more room, or one without a size limit"] },
    );
  }
}
