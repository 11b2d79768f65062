// What lies at an image's path already: its size, its sidecar, its mapfile. Nothing is opened for writing, and nothing
// is read of the device. The thread that opens the cache.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { formatSize } from "../base/sizes.ts";
import { type Entry, findEntry, kindOf } from "../files/entry.ts";
import type { Identity } from "../identity/identity.ts";
import { isRegular } from "../host/path_stat.ts";
import { FileMap } from "../map/file_map.ts";
import { type MapTail, mapTailOf, withoutTail } from "../map/map_tail.ts";
import type { Mapfile } from "../map/mapfile.ts";
import { endOfFinished, fileMapOf } from "../map/mapfile_conversion.ts";
import { FINISHED } from "../map/statuses.ts";
import type { FileIdentity } from "../sys/fd.ts";
import { SystemError } from "../sys/system_error.ts";
import { forgetUnfinished } from "./forget_unfinished.ts";
import { OVERLAY_SETTING } from "../session/overlay_parts.ts";
import { readMapfile } from "./read_mapfile.ts";
import { readSidecar, sidecarPathOf } from "./sidecar.ts";

/** What exists at an image's path: its size, its sidecar, its mapfile. Sizes are bytes. */
export interface KnownCache {
  /** The file that is there, perhaps an empty one. */
  readonly found: FileIdentity | undefined;
  /** There is nothing in it. */
  readonly fresh: boolean;
  readonly mapfile: Mapfile | undefined;
  /** Of the device as it is now. */
  readonly map: FileMap;
  /** What the mapfile knows of bytes that the device does not show. */
  readonly tail: MapTail | undefined;
  /** Undefined without a sidecar. */
  readonly knownIdentity: Identity | undefined;
  /** Sizes of the device that the image is known to go with, the newest last. */
  readonly sizes: readonly number[];
}

/** Where it lies, and what the device is. */
export interface KnownCacheRequest {
  readonly imagePath: string;
  readonly mapPath: string;
  readonly size: number;
  readonly sectorSize: number;
  readonly warn: (message: string, hints: readonly string[]) => void;
}

/** @throws {UserError} when image, map and sidecar are not what they should be, or do not go together. */
export function readKnownCache(request: KnownCacheRequest): KnownCache {
  const { imagePath, mapPath, size, sectorSize, warn } = request;
  const knownIdentity = readSidecar(sidecarPathOf(imagePath));
  const found = statImage(imagePath);
  const fresh = found === undefined || found.size === 0;
  const mapfile = readMapfile(mapPath, warn);
  refuseOverlay(mapfile, imagePath);
  if (fresh) checkMapWithoutImage(mapfile, imagePath, mapPath);
  else checkImage(found.size, imagePath, mapPath, mapfile);
  const map = mapfile === undefined
    ? FileMap.create(size, { sectorSize })
    : fileMapOf(withoutTail(mapfile, size), size, mapPath, { sectorSize });
  const unfinished = !fresh && forgetUnfinished(map, imagePath, warn);
  return {
    found,
    fresh,
    mapfile,
    map,
    tail: mapfile && mapTailOf(mapfile, size),
    // The start of the device, and what stands there of volumes, may have been written to.
    knownIdentity: knownIdentity && unfinished
      ? { ...knownIdentity, fingerprint: null, volume: null }
      : knownIdentity,
    sizes: sizesOf(knownIdentity, size, found?.size ?? 0, mapfile),
  };
}

function sizesOf(
  knownIdentity: Identity | undefined,
  size: number,
  imageSize: number,
  mapfile: Mapfile | undefined,
): number[] {
  if (knownIdentity !== undefined) return [...knownIdentity.accepted.sizes, knownIdentity.size];
  // Without a sidecar: ddrescue's map and image may end before the device does, but not behind it.
  const end = Math.max(imageSize, mapfile?.size ?? 0);
  return end > size ? [end] : [];
}

/** @throws {UserError} when a mapfile is that of an overlay: it does not speak of the device's bytes. */
export function refuseOverlay(mapfile: Mapfile | undefined, imagePath: string): void {
  if (!mapfile?.settings.has(OVERLAY_SETTING)) return;
  throw new UserError(`"${printable(imagePath)}" is an overlay, not an image`, {
    hints: [`to go on with its writes: --overlay ${printable(imagePath)}`],
  });
}

/** @throws {UserError} unless there is nothing, or a regular file that can be trusted. */
function statImage(path: string): FileIdentity | undefined {
  return withImage(path, (entry) => {
    const stat = entry.look();
    if (stat === undefined || isRegular(stat)) return stat;
    throw new UserError(
      `the image "${printable(path)}" is not a regular file, but ${kindOf(stat)}`,
      {
        hints: [
          "name a file that does not exist yet, or an image that blkcache or ddrescue has made",
        ],
      },
    );
  });
}

function checkMapWithoutImage(
  mapfile: Mapfile | undefined,
  imagePath: string,
  mapPath: string,
): void {
  const { positions = [], statuses = [], size = 0 } = mapfile ?? {};
  let bytes = 0;
  statuses.forEach((status, index) => {
    if (status === FINISHED) bytes += (positions[index + 1] ?? size) - positions[index]!;
  });
  if (bytes === 0) return;
  throw new UserError(
    `mapfile "${printable(mapPath)}" speaks of ${formatSize(bytes)} of data, ` +
      `but there is no image "${printable(imagePath)}"`,
    { hints: ["name the image that belongs to it, or another mapfile with --map FILE"] },
  );
}

/** Facts about an existing image before it is opened. */
function checkImage(
  imageSize: number,
  imagePath: string,
  mapPath: string,
  mapfile: Mapfile | undefined,
): void {
  if (mapfile === undefined) {
    throw new UserError(
      `image "${printable(imagePath)}" holds data, but there is no mapfile ` +
        `"${printable(mapPath)}" that says which`,
      { hints: ["name its mapfile with --map FILE, or an IMAGE that does not exist yet"] },
    );
  }
  checkDataEnd(imageSize, imagePath, mapPath, mapfile);
}

/** @throws {UserError} when the image ends before what the map claims of it. */
export function checkDataEnd(
  imageSize: number,
  imagePath: string,
  mapPath: string,
  mapfile: Mapfile,
): void {
  const dataEnd = endOfFinished(mapfile);
  if (dataEnd <= imageSize) return;
  throw new UserError(
    `image "${printable(imagePath)}" has ${imageSize} bytes, ${
      dataEnd - BigInt(imageSize)
    } fewer than ` +
      `mapfile "${printable(mapPath)}" speaks of`,
    { hints: ["the image was cut short, or this is not its mapfile"] },
  );
}

/** Uses the name of an image in its directory. @throws {UserError} when the system refuses. */
export function withImage<T>(path: string, use: (entry: Entry) => T): T {
  try {
    using entry = findEntry(path, { followLink: true });
    return use(entry);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new UserError(error.message, {
      hints: ["name an IMAGE in a directory that you can write to"],
      cause: error,
    });
  }
}
