// Which disks the running system lives on, so that the user does not rescue the live medium by mistake.
import { BlockStacks } from "./block_stack.ts";
import { statPathIfThere } from "./path_stat.ts";
import { readSpecialFile } from "./special_file.ts";

/** Where installed systems and live media are mounted: Debian, Ubuntu, Fedora, Arch, SystemRescue. */
const SYSTEM_MOUNT =
  /^\/($|usr$|boot($|\/)|efi$|cdrom$|run\/(live|initramfs|archiso|miso)\/|lib\/live\/mount\/|livemnt\/)/;

/** Whether a file system that is mounted there belongs to the running system. */
export function isSystemMount(mountPoint: string): boolean {
  return SYSTEM_MOUNT.test(mountPoint);
}

/** Packed numbers of all devices that the system swaps to, and of what they lie on. */
export function swapDevices(stacks: BlockStacks): Set<number> {
  const devices = new Set<number>();
  for (const path of parseSwaps(readSpecialFile("/proc/swaps") ?? "")) {
    const stat = statPathIfThere(path);
    // A swap file's device is that of its file system.
    const device = stat && (stat.rdev || stat.dev);
    if (device) { for (const below of stacks.below(device).devices) devices.add(below); }
  }
  return devices;
}

/** Names in /proc/swaps: a heading, then `NAME TYPE SIZE...`, blanks as octal. */
export function parseSwaps(text: string): string[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const [name] = line.split(/\s/);
    return name
      ? [name.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)))]
      : [];
  });
}
