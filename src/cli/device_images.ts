// Which images in a folder are of a device: what `detect` says beside what the device is.

import { knownImages } from "../opening/known_images.ts";
import type { BlockDeviceInfo } from "../device/block_listing.ts";
import { blankIdentity, type Identity } from "../identity/identity.ts";
import { evidenceOf } from "../identity/identity_evidence.ts";
import { decideMedium } from "../identity/medium_decision.ts";
import type { ImageMatch } from "../ui/device_report.ts";

/**
 * The images that are known to be of this medium, then those that may be: of that size and with that label.
 * @param label of the medium as the system has noted it.
 */
export function imagesOf(identity: Identity, label: string | null, folder: string): ImageMatch[] {
  if (identity.size === 0) return [];
  const name = identity.volume?.label ?? label;
  const matches: ImageMatch[] = [];
  for (const { path, identity: known } of knownImages(folder)) {
    const evidence = evidenceOf(known, identity);
    const { answer, isHarmless, isLikely, size } = decideMedium(evidence);
    if (size !== null && evidence.serial.verdict !== "agrees") continue;
    const isAlike = name !== null && known.size === identity.size && known.volume?.label === name;
    if (answer === "same" || isHarmless) matches.push({ path, certain: true });
    else if (answer === "cannot tell" && (isLikely || isAlike)) {
      matches.push({ path, certain: false });
    }
  }
  return matches.sort((one, other) => Number(other.certain) - Number(one.certain));
}

/** The facts about a device that blkcache has not read. */
export function unreadIdentity(device: BlockDeviceInfo): Identity {
  // A USB enclosure may answer for the disk in it, and a drive says nothing of its disc.
  const isOwn = device.class === "Device" && device.transport !== "usb";
  return {
    ...blankIdentity(device.size, device.sectorSize ?? 512),
    model: isOwn ? device.model : null,
    serial: isOwn ? device.serial : null,
    usbSerial: device.class === "Device" && !isOwn ? device.serial : null,
  };
}
