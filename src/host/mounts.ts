// The mount table (proc(5), /proc/[pid]/mountinfo).
import { dirname } from "@std/path";
import { deviceNumbers } from "../sys/statx.ts";
import { isBlockDevice, isMissing, statPathIfThere, withPath } from "./path_stat.ts";
import { readSpecialFile } from "./special_file.ts";
import { parseNumbers } from "./sysfs.ts";

/** One mounted file system. */
export interface Mount {
  id: number;
  /** Packed device number; of no block device for file systems in memory, on the network, and btrfs. */
  deviceNumber: number;
  mountPoint: string;
  /** "ext4", "tmpfs", "fuse.sshfs"... */
  type: string;
  /** What was mounted: "/dev/sda1", "server:/path", "tmpfs". */
  source: string;
  readOnly: boolean;
  /** Options of the file system itself, as `name=value`. */
  options: readonly string[];
}

/** All mounts that this process sees, oldest first. */
export function mounts(): Mount[] {
  return parseMounts(readSpecialFile("/proc/self/mountinfo") ?? "");
}

/** Parses a mountinfo file. Lines that are not understood are left out. */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const fields = line.split(" ");
    const separator = fields.indexOf("-", 6); // optional fields end there
    const deviceNumber = parseNumbers(fields[2]);
    if (separator < 0 || deviceNumber === undefined || fields.length < separator + 4) return [];
    const [type, source, superOptions] = fields.slice(separator + 1) as [string, string, string];
    return [{
      id: Number(fields[0]),
      deviceNumber,
      mountPoint: unescape(fields[4]!),
      type,
      source: unescape(source),
      readOnly: [fields[5]!, superOptions].some((options) => options.split(",").includes("ro")),
      options: superOptions.split(",").map(unescape),
    }];
  });
}

/**
 * The mount that holds `path`, or would hold it: the nearest folder that exists decides. The kernel says
 * which, so symbolic links, bind mounts and mounts over mounts need no thought here.
 */
export function mountOf(path: string, table: readonly Mount[] = mounts()): Mount | undefined {
  try {
    const id = withPath(path, mountIdOf);
    return table.find((mount) => mount.id === id);
  } catch (error) {
    const folder = dirname(path);
    if (!isMissing(error) || folder === path) throw error;
    return mountOf(folder, table);
  }
}

/** The number of the mount that a descriptor is on. */
export function mountIdOf(fd: number): number {
  const info = readSpecialFile(`/proc/self/fdinfo/${fd}`) ?? "";
  return Number(/^mnt_id:\s*(\d+)$/m.exec(info)?.[1]);
}

/** The block device that a mount is on, as a packed number; undefined when it is on none. */
export function deviceOf(mount: Mount): number | undefined {
  if (!isAnonymous(mount.deviceNumber)) return mount.deviceNumber;
  // btrfs has numbers of its own, but names its device.
  const stat = mount.source.startsWith("/") ? statPathIfThere(mount.source) : undefined;
  return stat && isBlockDevice(stat) ? stat.rdev : undefined;
}

/** The kernel numbers file systems without a block device under major 0. */
function isAnonymous(deviceNumber: number): boolean {
  return deviceNumbers(deviceNumber).major === 0;
}

/** Blanks, tabs, line ends and backslashes stand there in octal. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}
