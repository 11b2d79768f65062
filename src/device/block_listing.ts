// The disks and drives of this machine, for `blkcache detect`. From sysfs, the mount table and udev's notes: no
// disk is read, and only drives with removable media are opened, for their status. That may hang in the drive, so
// main leaves `describeBlockDevice` to a thread.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { BlockStacks } from "../host/block_stack.ts";
import { isFloppy, isOptical, type MediumStatus, mediumStatus } from "./medium.ts";
import { mounts } from "../host/mounts.ts";
import { isSystemMount, swapDevices } from "../host/running_system.ts";
import { readSpecialFile } from "../host/special_file.ts";
import { blockDevices, parseUevent, SysfsBlock } from "../host/sysfs.ts";

/** Facts about a disk that need no read; null where the disk does not tell. Sizes are bytes. */
export interface BlockDeviceInfo {
  /** The kernel's name: "sda". */
  name: string;
  /** "/dev/sda" */
  path: string;
  class: "Removable" | "Device";
  /** 0 without a medium; what an empty drive says of sizes is bogus. */
  size: number;
  sectorSize: number | null;
  physicalSectorSize: number | null;
  removable: boolean;
  optical: boolean;
  rotational: boolean;
  readOnly: boolean;
  vendor: string | null;
  model: string | null;
  serial: string | null;
  transport: string | null;
  /** Null for disks, whose medium stays. */
  medium: MediumStatus | null;
  /** As udev has noted it. */
  label: string | null;
  /** The file behind a loop device. */
  backingFile: string | null;
  /** Names of its partitions. */
  partitions: string[];
  /** Mount points of the disk, its partitions and the devices that are built on them. */
  mountPoints: string[];
  /** The running system, or the live medium, is on it. */
  system: boolean;
  /** False: it was asked and did not answer; the rest is what the kernel knows without it. */
  answers: boolean;
}

/**
 * All whole disks and drives, in the kernel's order. Left out is what can never be a source: memory
 * (ram, zram) and loop or network block devices that are not attached.
 */
export function listedBlocks(): SysfsBlock[] {
  return blockDevices().filter((block) => !block.isPartition && isWorthListing(block));
}

/** Describes one disk, drive or partition. May hang in a drive, or in a network that a loop device's file is on. */
export function describeBlockDevice(block: SysfsBlock): BlockDeviceInfo {
  const stacks = new BlockStacks();
  const mountPoints = stacks.mountPointsOn(block.deviceNumber).map(printable);
  return {
    ...describe(block, (path) => statusOf(path, block)),
    mountPoints,
    system: mountPoints.some(isSystemMount) || swapDevices(stacks).has(block.deviceNumber),
  };
}

/** Describes a device that does not answer, without asking it anything and without following devices on top of it. */
export function describeSilentDevice(block: SysfsBlock): BlockDeviceInfo {
  return { ...describe(block, () => "unknown"), answers: false };
}

function describe(block: SysfsBlock, askStatus: (path: string) => MediumStatus): BlockDeviceInfo {
  const name = block.name ?? block.numbers;
  const path = `/dev/${name}`;
  const optical = isOptical(block);
  const removable = block.isRemovable || optical || isFloppy(block);
  const medium = removable ? askStatus(path) : null;
  const empty = medium === "absent" || medium === "open";
  const partitions = blockDevices().filter((part) =>
    part.isPartition && part.disk.deviceNumber === block.deviceNumber
  );
  const deviceNumbers = [block, ...partitions].map(({ deviceNumber }) => deviceNumber);
  const mountPoints = mounts().filter(({ deviceNumber }) => deviceNumbers.includes(deviceNumber))
    .map(({ mountPoint }) => printable(mountPoint));
  return {
    name,
    path,
    class: removable ? "Removable" : "Device",
    size: empty ? 0 : block.size ?? 0,
    sectorSize: empty ? null : block.diskNumber("queue/logical_block_size") ?? null,
    physicalSectorSize: empty ? null : block.diskNumber("queue/physical_block_size") ?? null,
    removable,
    optical,
    rotational: block.isRotational,
    readOnly: block.isReadOnly,
    vendor: block.vendor ?? null,
    model: block.model ?? null,
    serial: block.serial ?? null,
    transport: block.transport ?? null,
    medium,
    label: empty ? null : labelOf(block),
    backingFile: block.backingFile ?? null,
    partitions: partitions.map((part) => part.name ?? part.numbers),
    mountPoints,
    system: mountPoints.some(isSystemMount),
    answers: true,
  };
}

function isWorthListing(block: SysfsBlock): boolean {
  const name = block.name ?? "";
  if (/^(ram|zram)\d/.test(name)) return false;
  return !(/^(loop|nbd)\d/.test(name) && block.size === 0);
}

/** Without the right to open it, its status is unknown; that is no reason to leave it out. */
function statusOf(path: string, block: SysfsBlock): MediumStatus {
  try {
    return mediumStatus(path, block);
  } catch (error) {
    if (error instanceof UserError) return "unknown";
    throw error;
  }
}

function labelOf(block: SysfsBlock): string | null {
  const notes = readSpecialFile(`/run/udev/data/b${block.numbers}`) ?? "";
  return parseUevent(notes.replaceAll(/^E:/gm, "")).get("ID_FS_LABEL") ?? null;
}
