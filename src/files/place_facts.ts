// Gathers what `place.ts` judges: asks the kernel about the image's folder, its mount and what that is on.
import { dirname } from "@std/path";
import { statfs } from "../sys/statfs.ts";
import { BlockStacks, fileKey } from "../host/block_stack.ts";
import { deviceOf, type Mount, mountOf, mounts } from "../host/mounts.ts";
import {
  isBlockDevice,
  isDirectory,
  isRegular,
  statPath,
  statPathIfThere,
} from "../host/path_stat.ts";
import type { PlaceFacts } from "./place.ts";

/** The image that is going to be made or continued. Sizes are bytes. */
export interface PlaceQuestion {
  /** The device, drive or file that is read. */
  devicePath: string;
  /** Where its image is to lie; need not exist. */
  imagePath: string;
  /** Size of the source. */
  size: number;
  /** What of it the image has already. Default 0. */
  cachedBytes?: number | undefined;
}

/** @throws {SystemError} as `checkPlace`. */
export function gatherPlaceFacts(question: PlaceQuestion): PlaceFacts {
  const { devicePath, imagePath, size } = question;
  const folder = dirname(imagePath);
  const folderStat = statPathIfThere(folder);
  const table = mounts();
  // An image that is there counts where it is, which a symbolic link can make another file system.
  const mount = mountOf(imagePath, table);
  return {
    ...gatherStanding(devicePath, imagePath, table),
    imagePath,
    devicePath,
    folder,
    folderExists: folderStat !== undefined && isDirectory(folderStat),
    type: mount?.type,
    mountPoint: mount?.mountPoint ?? "/",
    readOnly: mount?.readOnly ?? false,
    inMemory: mount ? inMemory(mount, table) : "no",
    freeBytes: statfs(nearest(imagePath)).freeBytes,
    neededBytes: Math.max(0, size - (question.cachedBytes ?? 0)),
    imageBytes: size,
  };
}

/**
 * The kind of file at `path`, and how its file system relates to the source.
 * @throws {SystemError} as `checkPlace`.
 */
export function gatherStanding(
  devicePath: string,
  path: string,
  table: readonly Mount[] = mounts(),
): Pick<PlaceFacts, "occupant" | "relation"> {
  const stacks = new BlockStacks();
  const mount = mountOf(path, table);
  return {
    occupant: occupantOf(devicePath, path, stacks),
    relation: mount ? relationOf(devicePath, mount, stacks) : "apart",
  };
}

/** The path itself, or the nearest folder above it that is there. */
function nearest(path: string): string {
  return statPathIfThere(path) || path === dirname(path) ? path : nearest(dirname(path));
}

/** Follows links. The file behind a loop device counts as the source as much as the device does. */
function occupantOf(devicePath: string, path: string, stacks: BlockStacks): PlaceFacts["occupant"] {
  const there = statPathIfThere(path);
  if (!there) return "nothing";
  const from = statPath(devicePath);
  if (isBlockDevice(there)) {
    return isBlockDevice(from) && there.rdev === from.rdev ? "source" : "device";
  }
  if (!isRegular(there)) return "other";
  const key = fileKey(there);
  const isSource = isBlockDevice(from)
    ? stacks.below(from.rdev).files.has(key)
    : key === fileKey(from);
  return isSource ? "source" : "file";
}

function relationOf(devicePath: string, mount: Mount, stacks: BlockStacks): PlaceFacts["relation"] {
  const device = deviceOf(mount);
  if (device === undefined) return "apart";
  const below = stacks.below(device);
  const from = statPath(devicePath);
  if (!isBlockDevice(from)) return below.files.has(fileKey(from)) ? "on the source" : "apart";
  if (below.devices.has(from.rdev)) return "on the source";
  const shared = below.devices.intersection(stacks.below(from.rdev).devices);
  return shared.size > 0 ? "on the same disk" : "apart";
}

/** An overlay file system keeps written files in its upper folder, which a live system may hide from us. */
function inMemory(mount: Mount, table: readonly Mount[]): PlaceFacts["inMemory"] {
  if (mount.type === "tmpfs" || mount.type === "ramfs") return "yes";
  if (mount.type !== "overlay") return "no";
  const upper = mount.options.find((option) => option.startsWith("upperdir="))?.slice(9);
  if (upper === undefined || !statPathIfThere(upper)) return "perhaps";
  const holder = mountOf(upper, table);
  return holder && holder.id !== mount.id ? inMemory(holder, table) : "perhaps";
}
