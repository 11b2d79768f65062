// Opens an image to be served without its device: image and map as they are, ours or ddrescue's. Both are only
// read, so that they may lie on a read-only file system and be of evidence. Main thread, at start.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { detect } from "../device/detect.ts";
import { Device } from "../device/device.ts";
import { plainLayout } from "../identity/disc_layout.ts";
import type { File } from "../device/file.ts";
import { blankIdentity, type Identity } from "../identity/identity.ts";
import { MOST_BYTES } from "./source.ts";
import { modeOfCopies } from "../files/private_mode.ts";
import type { Mapfile } from "../map/mapfile.ts";
import { fileMapOf } from "../map/mapfile_conversion.ts";
import { forgetUnfinished } from "./forget_unfinished.ts";
import { checkDataEnd, refuseOverlay } from "./known_cache.ts";
import type { Medium, Warn } from "./open_medium.ts";
import { readMapfile } from "./read_mapfile.ts";
import { readSidecar, sidecarPathOf } from "./sidecar.ts";

/** Sector size when no file states it: ddrescue's default. */
const SECTOR_BYTES = 512;

/** What to open. */
export interface OfflineRequest {
  readonly imagePath: string;
  /** Default: beside the image. */
  readonly mapPath: string | undefined;
  /** Default: as recorded beside the image. */
  readonly blockSize: number | undefined;
}

/**
 * The medium as far as its image goes. Its `deviceFd` is the image itself, and the reader never reads from it.
 * @throws {UserError} when image and map cannot be read, or do not belong together.
 */
export function openOffline(request: OfflineRequest, warn: Warn): Medium {
  const { imagePath } = request;
  const mapPath = request.mapPath ?? `${imagePath}.map`;
  const file = detect(imagePath).open(imagePath, { direct: false });
  try {
    const mapfile = readMapfile(mapPath, warn);
    if (mapfile === undefined) {
      throw new UserError(
        `there is no mapfile "${printable(mapPath)}" that says what the image has`,
        { hints: ["name it with --map FILE; a whole image without one is served as a device"] },
      );
    }
    refuseOverlay(mapfile, imagePath);
    const sidecarPath = sidecarPathOf(imagePath);
    const knownIdentity = tryReadSidecar(sidecarPath, warn);
    const size = sizeOf(file, mapfile, knownIdentity);
    const sectorSize = request.blockSize ?? knownIdentity?.sectorSize ?? noted(mapfile) ??
      SECTOR_BYTES;
    checkSizes(file, size, imagePath);
    const map = fileMapOf(mapfile, size, mapPath, { sectorSize });
    forgetUnfinished(map, imagePath, warn);
    checkDataEnd(file.size, imagePath, mapPath, mapfile);
    return {
      imagePath,
      mapPath,
      sidecarPath,
      imageFd: file.fd,
      fresh: false,
      map: map.buffer,
      mapfile: { comments: mapfile.comments, settings: mapfile.settings },
      tail: undefined,
      identity: knownIdentity ?? blankIdentity(size, sectorSize),
      failures: [],
      deviceFd: file.fd,
      blockDevice: false,
      mode: modeOfCopies(file.fd),
      size,
      sectorSize,
      layout: plainLayout(size),
      model: knownIdentity?.model ?? undefined,
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * All that the device has shown behind any adapter. ddrescue makes an image no longer than what it has read, and its
 * map may speak of a part only.
 */
function sizeOf(file: File, mapfile: Mapfile, knownIdentity: Identity | undefined): number {
  if (knownIdentity !== undefined) {
    return Math.max(knownIdentity.size, ...knownIdentity.accepted.sizes, mapfile.size);
  }
  // A disk that was copied to another one, which may be larger.
  if (file instanceof Device && mapfile.size > 0) return mapfile.size;
  return Math.max(file.size, mapfile.size);
}

function checkSizes(file: File, size: number, imagePath: string): void {
  const image = `image "${printable(imagePath)}"`;
  if (size > MOST_BYTES) {
    throw new UserError(`${image} has ${size} bytes, and less than 8 PiB is possible`);
  }
  if (size === 0) {
    throw new UserError(`${image} is empty: there is nothing to serve`, {
      hints: ["name an image that blkcache or ddrescue has made"],
    });
  }
  if (file.size <= size || file instanceof Device) return;
  throw new UserError(
    `${image} has ${file.size} bytes, ${file.size - size} more than its device had`,
    { hints: ["what lies beside it is of another image"] },
  );
}

/** What blkcache writes into its mapfiles. */
function noted({ settings }: Mapfile): number | undefined {
  const size = Number(settings.get("sector-size"));
  return Number.isSafeInteger(size) && size >= SECTOR_BYTES ? size : undefined;
}

/** Only worth having: a damaged one cannot be moved away on a read-only file system. */
function tryReadSidecar(path: string, warn: Warn): Identity | undefined {
  try {
    return readSidecar(path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    warn(error.message, ["going on without it"]);
    return undefined;
  }
}
