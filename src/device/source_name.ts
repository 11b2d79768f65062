// The NAME in NAME-ID.img.
import { basename, extname } from "@std/path";
import { printable } from "../base/printable.ts";
import { isBlockDevice, statPath } from "../host/path_stat.ts";
import { SysfsBlock } from "../host/sysfs.ts";

/**
 * What a source is called: the kernel's name of a device ("sr0", also for /dev/cdrom), a file's name
 * without its extension. Fit for a file name.
 * @throws {SystemError} ENOENT when there is no such path.
 */
export function sourceName(path: string): string {
  const stat = statPath(path);
  const kernelName = isBlockDevice(stat) ? new SysfsBlock(stat.rdev).name : undefined;
  const fileName = basename(path);
  const name = kernelName ?? fileName.slice(0, fileName.length - extname(fileName).length);
  return printable(name).replaceAll("/", "!") || "image";
}
