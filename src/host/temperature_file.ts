// Where sysfs tells the temperature of a drive: drivetemp for SATA disks (`modprobe drivetemp`), the NVMe driver by
// itself. To look for the file asks the drive nothing; to read it does, and may take as long as the drive likes.
import { readSpecialFile } from "./special_file.ts";

/** Numbers of hwmon devices that are tried: more than any machine has. */
const MOST_MONITORS = 64;
/** Below the folder of a block device: drivetemp's and older NVMe drivers', and that of NVMe from Linux 5.11 on. */
const PLACES = ["device/hwmon/", "device/device/hwmon/", "device/"];

/** @param diskFolder of a whole disk in sysfs. @returns undefined: the drive tells no temperature. */
export function temperatureFile(diskFolder: string): string | undefined {
  for (const place of PLACES) {
    for (let number = 0; number < MOST_MONITORS; number++) {
      const monitor = `${diskFolder}/${place}hwmon${number}`;
      if (readSpecialFile(`${monitor}/name`) !== undefined) return `${monitor}/temp1_input`;
    }
  }
  return undefined;
}

/** Millidegrees, as hwmon writes them, in degrees. */
export function parseCelsius(text: string): number | undefined {
  return /^-?\d+\s*$/.test(text) ? Number(text) / 1000 : undefined;
}
