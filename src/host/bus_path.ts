// Where a disk is plugged in, as the tools that switch ports and hosts name it. Reads sysfs, never the device.
import { SysfsBlock } from "./sysfs.ts";
import { statPathIfThere } from "./path_stat.ts";
import { readSpecialLink } from "./special_file.ts";

/** The names of a disk for a command that switches it off and on. Empty texts: not known. All texts are printable. */
export interface Whereabouts {
  /** The whole disk by the kernel's name, such as "/dev/sdb"; the path that was asked for where there is none. */
  readonly device: string;
  readonly serial: string;
  /** USB port ("1-1.2"), SCSI or SATA host ("host3") or PCI address ("0000:01:00.0"). */
  readonly busPath: string;
}

/** @param path of a device, a partition or a file. */
export function whereaboutsOf(path: string): Whereabouts {
  const block = blockAt(path);
  if (block === undefined) return { device: path, serial: "", busPath: "" };
  const { name } = block;
  return {
    device: name === undefined ? path : `/dev/${name}`,
    serial: block.serial ?? "",
    busPath: busPathOf(readSpecialLink(`/sys/dev/block/${block.numbers}`) ?? ""),
  };
}

/** Whether the path leads to a block device that the kernel knows. */
export function isAttached(path: string): boolean {
  return blockAt(path) !== undefined;
}

function blockAt(path: string): SysfsBlock | undefined {
  const number = statPathIfThere(path)?.rdev ?? 0;
  const block = number === 0 ? undefined : new SysfsBlock(number);
  return block?.exists ? block.disk : undefined;
}

/**
 * The place in the folder of a block device, such as
 * `../../devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.2/1-1.2:1.0/host3/target3:0:0/3:0:0:0/block/sdb`. The port of
 * a USB device counts, since its host changes each time that it is plugged in; then the host; then the PCI device.
 */
export function busPathOf(folder: string): string {
  const parts = folder.split("/");
  for (
    const form of [/^\d+-\d+(\.\d+)*$/, /^host\d+$/, /^[\da-f]{4,}:[\da-f]{2}:[\da-f]{2}\.[\da-f]$/]
  ) {
    const found = parts.findLast((part) => form.test(part));
    if (found !== undefined) return found;
  }
  return "";
}
