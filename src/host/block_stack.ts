// What a block device lies on: its disk, the devices below it (dm, md), the file behind a loop device and
// what that is on. Found by names, as sysfs folders cannot be listed here.
import { deviceOf, type Mount, mountOf, mounts } from "./mounts.ts";
import { type FileIdentity } from "../sys/fd.ts";
import { statPathIfThere } from "./path_stat.ts";
import { blockDevices, SysfsBlock } from "./sysfs.ts";

/** All that a device lies on, itself included. */
export interface BlockStack {
  /** Packed device numbers. */
  devices: ReadonlySet<number>;
  /** Files behind loop devices, by `fileKey`. */
  files: ReadonlySet<string>;
}

/** Identifies a file; all of its names give the same key. */
export function fileKey({ dev, ino }: FileIdentity): string {
  return `${dev}:${ino}`;
}

/** Answers which devices lie on which, from one look at the system. */
export class BlockStacks {
  /** All block devices there are, partitions too, in the kernel's order. */
  readonly blocks: readonly SysfsBlock[] = blockDevices();
  readonly #mounts: readonly Mount[] = mounts();
  readonly #names = this.blocks.flatMap(({ name, deviceNumber }) =>
    name ? [{ name, deviceNumber }] : []
  );
  readonly #stacks = new Map<number, BlockStack>();

  /** Everything below `deviceNumber`, a packed number. */
  below(deviceNumber: number): BlockStack {
    const known = this.#stacks.get(deviceNumber);
    if (known) return known;
    const devices = new Set<number>();
    const files = new Set<string>();
    const waiting = [deviceNumber];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (devices.has(next)) continue;
      devices.add(next);
      const block = new SysfsBlock(next);
      if (block.isPartition) waiting.push(block.disk.deviceNumber);
      else waiting.push(...this.#slavesOf(block), ...this.#belowBackingFile(block, files));
    }
    const stack = { devices, files };
    this.#stacks.set(deviceNumber, stack);
    return stack;
  }

  /** Where the device of this packed number, or anything that lies on it, is mounted. */
  mountPointsOn(deviceNumber: number): string[] {
    return this.#mounts.filter((mount) => {
      const mounted = deviceOf(mount);
      return mounted !== undefined && this.below(mounted).devices.has(deviceNumber);
    }).map((mount) => mount.mountPoint);
  }

  #slavesOf(block: SysfsBlock): number[] {
    return this.#names.filter(({ name }) => block.hasSlave(name)).map(({ deviceNumber }) =>
      deviceNumber
    );
  }

  /** Notes the file behind a loop device. @returns the device that holds the file, if any. */
  #belowBackingFile(block: SysfsBlock, files: Set<string>): number[] {
    const path = block.backingFile;
    const stat = path === undefined ? undefined : statPathIfThere(path);
    if (!stat) return [];
    files.add(fileKey(stat));
    const mount = mountOf(path!, this.#mounts);
    const device = mount && deviceOf(mount);
    return device === undefined ? [] : [device];
  }
}
