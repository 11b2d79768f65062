// `blkcache detect`: what there is, or what blkcache makes of the devices that are named.

import { UserError } from "../base/errors.ts";
import { describeBlockDevice, listBlockDevices } from "../file/block_listing.ts";
import { detect, type SourceClass } from "../file/detect.ts";
import { File } from "../file/file.ts";
import { discLayout } from "../file/disc_layout.ts";
import { identify, type Identity, identityId } from "../file/identity.ts";
import { statPath } from "../file/path_stat.ts";
import { Removable } from "../file/removable.ts";
import { sourceName } from "../file/source_name.ts";
import { SysfsBlock } from "../file/sysfs.ts";
import { readToc } from "../file/toc.ts";
import {
  type DeviceChoice,
  deviceTable,
  deviceWarnings,
  sourceDetails,
  type SourceReport,
} from "../ui/device_report.ts";
import type { Terminal } from "../ui/terminal.ts";
import { imagesOf, unreadIdentity } from "./device_images.ts";
import { EXIT_DONE, EXIT_FAILURE } from "../base/exit_codes.ts";

/** Without paths no disk is read; a named one is, its first 64 KiB. @returns the exit code. */
export function detectCommand(paths: readonly string[], terminal: Terminal): number {
  if (paths.length === 0) return listAll(terminal);
  let exitCode = EXIT_DONE;
  paths.forEach((path, i) => {
    try {
      describeSource(path, i > 0, terminal);
    } catch (error) {
      // One that cannot be looked at hides none of the others.
      if (!(error instanceof UserError)) throw error;
      terminal.error(error.message, error.hints);
      exitCode = EXIT_FAILURE;
    }
  });
  return exitCode;
}

function listAll(terminal: Terminal): number {
  const devices = listBlockDevices().map((device): DeviceChoice => ({
    ...device,
    images: imagesOf(unreadIdentity(device), device.label, "."),
  }));
  if (terminal.json) devices.forEach((device) => terminal.record(device));
  else if (devices.length === 0) terminal.info("there are no block devices");
  else terminal.say(...deviceTable(devices, Math.max(80, terminal.columns)));
  return EXIT_DONE;
}

/**
 * Says what is known of a source; what the kernel knows also when it cannot be opened.
 * @throws {UserError} when it is none, or cannot be opened.
 */
function describeSource(path: string, isNext: boolean, terminal: Terminal): void {
  const kind = detect(path);
  const device = kind === File ? null : describeBlockDevice(new SysfsBlock(statPath(path).rdev));
  const report: SourceReport = {
    path,
    class: kind === File ? "File" : kind === Removable ? "Removable" : "Device",
    size: device?.size ?? 0,
    sectorSize: device?.sectorSize ?? null,
    identity: null,
    image: null,
    images: [],
    remarks: [],
    device,
  };
  const isEmpty = device?.medium === "absent" || device?.medium === "open";
  try {
    show(
      isEmpty ? report : { ...report, ...contentOf(path, kind, device?.label ?? null) },
      isNext,
      terminal,
    );
  } catch (error) {
    if (!(error instanceof UserError) || device === null) throw error;
    show(report, isNext, terminal);
    throw error;
  }
}

/** @throws {UserError} when it cannot be opened. */
function contentOf(
  path: string,
  kind: SourceClass,
  label: string | null,
): Pick<SourceReport, "size" | "sectorSize" | "identity" | "image" | "images" | "remarks"> {
  using file = kind.open(path, { direct: kind !== File });
  const identity = identify(file);
  const { size, sectorSize } = identity;
  const image = size > 0 ? `${sourceName(path)}-${identityId(identity)}.img` : null;
  const images = imagesOf(identity, label, ".");
  return { size, sectorSize, identity, image, images, remarks: remarksOn(file, identity) };
}

function remarksOn(file: File, { size, sectorSize, volume }: Identity): readonly string[] {
  if (!(file instanceof Removable && file.optical)) return [];
  return discLayout(size, sectorSize, volume, readToc(file.fd)).remarks;
}

function show(report: SourceReport, isNext: boolean, terminal: Terminal): void {
  if (terminal.json) terminal.record(report);
  else terminal.say(...(isNext ? [""] : []), ...sourceDetails(report));
  if (report.device === null) return;
  for (const { message, hints } of deviceWarnings(report.device)) terminal.warning(message, hints);
}
