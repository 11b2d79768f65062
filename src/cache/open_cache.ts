// Opens the cache of a device: a new image, or one of an earlier run (ours or ddrescue's), which must be of
// this very device. The thread that writes the map from then on, or main before that one starts. Nothing is
// created or changed unless all of it can be; what was created is removed again when something fails.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { formatSize } from "../base/sizes.ts";
import { fileKey } from "../file/block_stack.ts";
import { Device } from "../file/device.ts";
import { type Entry, findEntry, kindOf, removeFile } from "../file/entry.ts";
import type { File } from "../file/file.ts";
import { type Difference, recognize } from "../file/identity_comparison.ts";
import { identify, type Identity, identityId, readerOf } from "../file/identity.ts";
import { MediumRefused } from "../file/medium_refused.ts";
import { isRegular, statPathIfThere } from "../file/path_stat.ts";
import { modeOfCopies } from "../file/private_mode.ts";
import type { ReadBytes } from "../file/volume.ts";
import { FileMap } from "../map/file_map.ts";
import type { Mapfile } from "../map/mapfile.ts";
import { fileMapOf } from "../map/mapfile_conversion.ts";
import { FINISHED } from "../map/statuses.ts";
import { closeFd, type FileIdentity, identityOf, truncateFd, tryLock } from "../sys/fd.ts";
import { SystemError } from "../sys/system_error.ts";
import { findImage } from "./find_image.ts";
import { forgetUnfinished } from "./forget_unfinished.ts";
import { OVERLAY_SETTING } from "./overlay.ts";
import { knownStretches } from "./known_stretches.ts";
import { readMapfile } from "./read_mapfile.ts";
import { RecordedReads } from "./recorded_reads.ts";
import { readSidecar, sidecarPathOf } from "./sidecar.ts";
import { join } from "@std/path";

/** What to open a cache for. */
export interface CacheRequest {
  /** The open source. */
  readonly device: File;
  /** How it is read; default: by `device.pread`, undefined where that fails. */
  readonly read?: ReadBytes | undefined;
  /** Bytes. */
  readonly size: number;
  readonly sectorSize: number;
  /** NAME of the default NAME-ID.img. */
  readonly name: string;
  /** Where a default image goes. */
  readonly folder: string;
  readonly image: string | undefined;
  readonly map: string | undefined;
  /** Go on although the identity cannot be confirmed; never when it differs. */
  readonly force: boolean;
  /** Called with the image's path before anything is created; throws to refuse the place. */
  readonly checkPlace: (image: string) => void;
  /** Told what is worth a sentence but no refusal. */
  readonly warn: (message: string, hints: readonly string[]) => void;
}

/** An open cache. */
export interface OpenCache {
  readonly imagePath: string;
  readonly mapPath: string;
  readonly sidecarPath: string;
  /** Descriptor of the image, locked; as large as the device. */
  readonly image: number;
  /** True when the image was empty: what is not `+` is a hole. */
  readonly fresh: boolean;
  readonly map: FileMap;
  /** Comments and settings to keep; undefined when there was no mapfile. */
  readonly mapfile: Mapfile | undefined;
  readonly identity: Identity;
}

/** @throws {UserError} when image, map and device do not belong together or cannot be opened. */
export function openCache(request: CacheRequest): OpenCache {
  const { device, size, sectorSize } = request;
  const reads = new RecordedReads(request.read ?? readerOf(device), size, sectorSize);
  const identifyNow = () => identify(device, { read: reads.read, sectorSize });
  let identity = request.image === undefined ? identifyNow() : undefined;
  const imagePath = request.image ?? imageOf(request, identity!);
  const mapPath = request.map ?? `${imagePath}.map`;
  const sidecarPath = sidecarPathOf(imagePath);
  request.checkPlace(imagePath);

  const record = readSidecar(sidecarPath);
  if (record !== undefined && record.size !== size) {
    throw otherDevice(imagePath, { field: "size", known: `${record.size}`, now: `${size}` });
  }
  const found = statImage(imagePath);
  const mapfile = readMapfile(mapPath, request.warn);
  refuseOverlay(mapfile, imagePath);
  const map = mapfile === undefined
    ? FileMap.create(size, { sectorSize })
    : fileMapOf(mapfile, size, mapPath, { sectorSize });
  const fresh = found === undefined || found.size === 0;
  const unfinished = !fresh && forgetUnfinished(map, imagePath, request.warn);
  if (fresh) checkMapWithoutImage(map, imagePath, mapPath);
  else checkImage(found.size, imagePath, mapPath, mapfile, map);

  // While nothing has been made: a device that hangs leaves nothing behind.
  const fromDevice = fresh ? identity ?? identifyNow() : undefined;
  const created = found === undefined;
  const mode = modeOfCopies(device.fd);
  const image = openImage(imagePath, found, device, mode);
  let mapCreated = false;
  try {
    if (!tryLock(image)) {
      throw new UserError(`another program is using the image "${printable(imagePath)}"`, {
        hints: ["end the other blkcache first, or name another IMAGE"],
      });
    }
    if (fromDevice !== undefined) identity = fromDevice;
    else {
      const blank = blankIdentity(size, sectorSize);
      // The start of the device, and what stands there of volumes, may have been written to.
      const known = record && unfinished
        ? { ...record, fingerprint: null, volume: null }
        : record ?? blank;
      identity = confirm(request, image, map, known, reads, imagePath);
    }
    // An image with bytes in it is never without a mapfile, even if we are killed in the next instant.
    if (mapfile === undefined) mapCreated = makeBlankMapfile(mapPath, mode);
    growImage(image, imagePath, size);
    reads.keep(image, map);
  } catch (error) {
    closeFd(image);
    if (created) removeFile(imagePath);
    if (mapCreated) removeFile(mapPath);
    throw error;
  }
  return { imagePath, mapPath, sidecarPath, image, fresh, map, mapfile, identity };
}

/** Where a device goes for which no image was named: its image of an earlier run, else a new one. */
function imageOf({ device, folder, name }: CacheRequest, identity: Identity): string {
  const path: string = join(folder, `${name}-${identityId(identity)}.img`);
  // Names of devices come and go, those of files are the user's.
  if (!(device instanceof Device) || statPathIfThere(path) !== undefined) return path;
  return findImage(folder, identity) ?? path;
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
    throw new UserError(`the image "${printable(path)}" is ${kindOf(stat)}, not a regular file`, {
      hints: [
        "name a file that does not exist yet, or an image that blkcache or ddrescue has made",
      ],
    });
  });
}

function checkMapWithoutImage(map: FileMap, imagePath: string, mapPath: string): void {
  if (map.total(FINISHED) === 0) return;
  throw new UserError(
    `mapfile "${printable(mapPath)}" speaks of ${formatSize(map.total(FINISHED))} of data, ` +
      `but there is no image "${printable(imagePath)}"`,
    { hints: ["name the image that belongs to it, or another mapfile with --map FILE"] },
  );
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

/** What can be said of an existing image before it is opened. */
function checkImage(
  imageSize: number,
  imagePath: string,
  mapPath: string,
  mapfile: Mapfile | undefined,
  map: FileMap,
): void {
  const image = `image "${printable(imagePath)}"`;
  if (mapfile === undefined) {
    throw new UserError(
      `${image} holds data, but there is no mapfile "${printable(mapPath)}" that says which`,
      { hints: ["name its mapfile with --map FILE, or an IMAGE that does not exist yet"] },
    );
  }
  if (imageSize > map.size) {
    throw new MediumRefused(
      `${image} has ${imageSize} bytes, ${imageSize - map.size} more than the device`,
      { hints: ["this is another device, or another image: name the one that belongs to it"] },
    );
  }
  checkDataEnd(imageSize, imagePath, mapPath, map);
}

/** @throws {UserError} when the image ends before what the map claims of it. */
export function checkDataEnd(
  imageSize: number,
  imagePath: string,
  mapPath: string,
  map: FileMap,
): void {
  const dataEnd = map.findBackward(map.size, 0, 1 << FINISHED);
  if (dataEnd <= imageSize) return;
  throw new UserError(
    `image "${printable(imagePath)}" has ${imageSize} bytes, ${dataEnd - imageSize} fewer than ` +
      `mapfile "${printable(mapPath)}" speaks of`,
    { hints: ["the image was cut short, or this is not its mapfile"] },
  );
}

/** Compares the device with what is known of the image. @returns the identity, completed. */
function confirm(
  request: CacheRequest,
  image: number,
  map: FileMap,
  record: Identity,
  reads: RecordedReads,
  imagePath: string,
): Identity {
  const { device, sectorSize } = request;
  const known = { ...record, sectorSize, stretches: knownStretches(image, map) };
  const { identity, comparison } = recognize(known, device, { read: reads.read, sectorSize });
  const name = `image "${printable(imagePath)}"`;
  if (comparison.verdict === "different") {
    throw otherDevice(imagePath, comparison.differences[0]);
  }
  if (comparison.verdict === "unknown" && map.total(FINISHED) > 0 && !request.force) {
    throw new MediumRefused(`cannot confirm that ${name} is of this device`, {
      hints: ["if you know that it is, go on with --force; else name another IMAGE"],
    });
  }
  return {
    ...identity,
    fingerprint: identity.fingerprint ?? record.fingerprint,
    model: identity.model ?? record.model,
    serial: identity.serial ?? record.serial,
    volume: identity.volume ?? record.volume,
    stretches: known.stretches,
  };
}

function otherDevice(imagePath: string, { field, known, now }: Difference): MediumRefused {
  return new MediumRefused(
    `image "${printable(imagePath)}" is of another device: its ${field} is ${printable(known)}, ` +
      `not ${printable(now)}`,
    { hints: ["name another IMAGE, or leave it out"] },
  );
}

/** What is known of an image without a sidecar: ddrescue makes none. */
export function blankIdentity(size: number, sectorSize: number): Identity {
  return {
    size,
    sectorSize,
    fingerprint: null,
    model: null,
    serial: null,
    volume: null,
    stretches: [],
  };
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

function withImage<T>(path: string, use: (entry: Entry) => T): T {
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
