// A /dev/nbdN for the kernel's NBD client, and the reasons why one cannot be taken. Opens nothing.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { ENODEV } from "../sys/errno.ts";
import { identityOf, reopen } from "../sys/fd.ts";
import { deviceNumbers } from "../sys/statx.ts";
import { SystemError } from "../sys/system_error.ts";
import { BlockStacks } from "./block_stack.ts";
import { isBlockDevice, statPathIfThere, withPath } from "./path_stat.ts";
import { readSpecialFile } from "./special_file.ts";
import { SysfsBlock } from "./sysfs.ts";

/** linux/major.h */
const NBD_MAJOR = 43;

/** What decides whether a path can be attached. */
export interface KernelDeviceFacts {
  /** The driver is in the kernel. */
  readonly hasDriver: boolean;
  /** Undefined: nothing has that name. */
  readonly kind: "nbd device" | "partition" | "something else" | undefined;
  /** The thread that serves it, or that served it when a program still uses it. */
  readonly server: { readonly pid: number; readonly isAlive: boolean } | undefined;
  readonly mountPoints: readonly string[];
}

/** It cannot be taken while programs still use it, although the program that served it has ended. */
export class KernelDeviceBusy extends UserError {
  override name = "KernelDeviceBusy";
}

/** @throws {UserError} unless the path names a /dev/nbdN that is free, or will be once its users let go of it. */
export function checkKernelDevice(path: string): void {
  const refusal = kernelDeviceRefusal(path, factsOf(path));
  if (refusal !== undefined && !(refusal instanceof KernelDeviceBusy)) throw refusal;
}

/**
 * The device that a path names.
 * @throws {UserError} unless it is a free /dev/nbdN; {KernelDeviceBusy} when it may become free.
 */
export function freeKernelDevice(path: string): SysfsBlock {
  const refusal = kernelDeviceRefusal(path, factsOf(path));
  if (refusal !== undefined) throw refusal;
  return new SysfsBlock(statPathIfThere(path)!.rdev);
}

/**
 * Opens a path that has been looked at.
 * @param device the packed number that was found there.
 * @throws {SystemError} ENODEV when it leads elsewhere by now.
 */
export function openKernelDevice(path: string, device: number, flags: number): number {
  return withPath(path, (named) => {
    const stat = identityOf(named);
    if (isBlockDevice(stat) && stat.rdev === device) return reopen(named, flags, path);
    throw new SystemError(ENODEV, "open", { path });
  });
}

/** Why `path` cannot be attached, or undefined. */
export function kernelDeviceRefusal(
  path: string,
  { hasDriver, kind, server, mountPoints }: KernelDeviceFacts,
): UserError | undefined {
  const name = `"${printable(path)}"`;
  const refuse = (message: string, ...hints: string[]) => new UserError(message, { hints });
  const busy = (message: string, ...hints: string[]) => new KernelDeviceBusy(message, { hints });
  if (kind === undefined && !hasDriver) {
    return refuse(`there is no ${name}: the kernel has not loaded its NBD client`, "modprobe nbd");
  }
  if (kind === undefined) return refuse(`there is no ${name}`, "ls /dev/nbd* shows what there is");
  if (kind === "partition") {
    return refuse(`${name} is a partition`, "name the whole device, such as /dev/nbd0");
  }
  if (kind === "something else") {
    return refuse(`${name} is no device of the kernel's NBD client`, "name one such as /dev/nbd0");
  }
  if (server?.isAlive) {
    return refuse(
      `${name} is attached already, by process ${server.pid}`,
      `nbd-client -d ${printable(path)} detaches it; or name another one`,
    );
  }
  const [mountPoint] = mountPoints;
  if (mountPoint !== undefined) {
    return busy(`${name} is still mounted on "${mountPoint}"`, `umount ${mountPoint}`);
  }
  if (server === undefined) return undefined;
  return busy(
    `${name} is still in use, although nobody serves it any more`,
    `fuser -v ${printable(path)} shows who has it open; or name another one`,
  );
}

/** Names of the partitions that the kernel has found on it: `nbd0p1`. */
export function partitionsOn(device: SysfsBlock): string[] {
  return new BlockStacks().blocks
    .filter((block) => block.isPartition && block.disk.deviceNumber === device.deviceNumber)
    .map((block) => block.name ?? block.numbers);
}

function factsOf(path: string): KernelDeviceFacts {
  const stat = statPathIfThere(path);
  const hasDriver = new SysfsBlock(NBD_MAJOR * 0x100).exists;
  const isNbd = stat !== undefined && isBlockDevice(stat) &&
    deviceNumbers(stat.rdev).major === NBD_MAJOR;
  if (!isNbd) {
    const kind = stat && "something else";
    return { hasDriver, kind, server: undefined, mountPoints: [] };
  }
  const block = new SysfsBlock(stat.rdev);
  const pid = Number(block.attribute("pid"));
  return {
    hasDriver,
    kind: block.isPartition ? "partition" : "nbd device",
    server: pid > 0 ? { pid, isAlive: isAlive(pid) } : undefined,
    mountPoints: new BlockStacks().mountPointsOn(stat.rdev).map(printable),
  };
}

function isAlive(pid: number): boolean {
  return readSpecialFile(`/proc/${pid}/comm`) !== undefined;
}
