// `blkcache detect`: what there is, or what blkcache makes of the devices that are named.

import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { listedBlocks } from "../device/block_listing.ts";
import { detect } from "../device/detect.ts";
import { File } from "../device/file.ts";
import { readableBy } from "../opening/known_failures.ts";
import { type Identity, identityId, sourceName } from "../identity/identity.ts";
import { statPath } from "../host/path_stat.ts";
import { Removable } from "../device/removable.ts";
import { type SourceContent, sourceContent } from "../identity/source_content.ts";
import {
  type DeviceChoice,
  deviceTable,
  deviceWarnings,
  sourceDetails,
  type SourceReport,
} from "../ui/device_report.ts";
import type { Terminal } from "../ui/terminal.ts";
import { imagesOf, unreadIdentity } from "./device_images.ts";
import { DeviceLooks } from "./device_looks.ts";
import { EXIT_DONE, EXIT_FAILURE } from "../base/exit_codes.ts";

/** How long a device in the list may be silent, milliseconds: a drive that loads a disc takes some seconds. */
const LISTED_SILENCE_MS = 5_000;
/** The same for one that was named and is read: a disk that has to spin up takes some 10 s. */
const NAMED_SILENCE_MS = 15_000;
/** After this time a terminal shows that a device has not answered yet, milliseconds. */
const WAITING_MS = 3_000;

/** Without paths no disk is read; of a named one the head and the file systems' tables. @returns the exit code. */
export async function detectCommand(
  paths: readonly string[],
  terminal: Terminal,
): Promise<number> {
  using looks = new DeviceLooks();
  if (paths.length === 0) return await listAll(looks, terminal);
  let exitCode = EXIT_DONE;
  for (const [index, path] of paths.entries()) {
    try {
      await describeSource(path, index > 0, looks, terminal);
    } catch (error) {
      // One that cannot be looked at hides none of the others.
      if (!(error instanceof UserError)) throw error;
      terminal.error(error.message, error.hints);
      exitCode = EXIT_FAILURE;
    }
  }
  return exitCode;
}

async function listAll(looks: DeviceLooks, terminal: Terminal): Promise<number> {
  const devices: DeviceChoice[] = [];
  for (const { deviceNumber } of listedBlocks()) {
    const { info } = await looks.look({ deviceNumber, path: undefined }, LISTED_SILENCE_MS);
    devices.push({ ...info, images: imagesOf(unreadIdentity(info), info.label, ".") });
  }
  if (terminal.json) devices.forEach((device) => terminal.record(device));
  else if (devices.length === 0) terminal.info("there are no block devices");
  else terminal.say(...deviceTable(devices, Math.max(80, terminal.columns)));
  return EXIT_DONE;
}

/**
 * Describes a source; with the kernel's facts alone when it cannot be opened or does not answer.
 * @throws {UserError} when it is none, cannot be opened, or does not answer.
 */
async function describeSource(
  path: string,
  isNext: boolean,
  looks: DeviceLooks,
  terminal: Terminal,
): Promise<void> {
  const kind = detect(path);
  const report: SourceReport = {
    path,
    class: kind === File ? "File" : kind === Removable ? "Removable" : "Device",
    size: 0,
    sectorSize: null,
    identity: null,
    use: null,
    image: null,
    images: [],
    remarks: [],
    device: null,
  };
  if (kind === File) {
    return show(
      { ...report, ...described(path, sourceContent(path, kind, readableOf), null) },
      isNext,
      terminal,
    );
  }
  const { info, content, refusal } = await lookSaying(path, looks, terminal);
  const { size, sectorSize } = info;
  const known = { ...report, size, sectorSize, device: info };
  show(
    content === undefined ? known : { ...known, ...described(path, content, info.label) },
    isNext,
    terminal,
  );
  if (refusal !== undefined) throw refusal;
  if (info.answers) return;
  throw new UserError(`"${printable(path)}" does not answer`, {
    hints: [`a failing device may take minutes; "blkcache serve" waits for it`],
  });
}

async function lookSaying(
  path: string,
  looks: DeviceLooks,
  terminal: Terminal,
): ReturnType<DeviceLooks["look"]> {
  const beganMs = performance.now();
  const timer = setInterval(() => {
    const seconds = Math.floor((performance.now() - beganMs) / 1000);
    const text = `waiting for ${printable(path)} to answer (${seconds} s); Ctrl-C ends`;
    terminal.status(() => [[{ text, color: "yellow" }]]);
  }, WAITING_MS);
  try {
    return await looks.look({ deviceNumber: statPath(path).rdev, path }, NAMED_SILENCE_MS);
  } finally {
    clearInterval(timer);
    terminal.clearStatus();
  }
}

/** @param label as the system has noted it. */
function described(
  path: string,
  { identity, use, remarks }: SourceContent,
  label: string | null,
): Pick<SourceReport, "size" | "sectorSize" | "identity" | "use" | "image" | "images" | "remarks"> {
  const { size, sectorSize } = identity;
  const image = size > 0 ? `${sourceName(path)}-${identityId(identity)}.img` : null;
  const images = imagesOf(identity, label, ".");
  return { size, sectorSize, identity, use, image, images, remarks };
}

function show(report: SourceReport, isNext: boolean, terminal: Terminal): void {
  if (terminal.json) terminal.record(report);
  else terminal.say(...(isNext ? [""] : []), ...sourceDetails(report));
  if (report.device === null) return;
  for (const { message, hints } of deviceWarnings(report.device)) terminal.warning(message, hints);
}

/** What images in the working directory call bad is not read. */
function readableOf(now: Identity) {
  return readableBy(".", now);
}
