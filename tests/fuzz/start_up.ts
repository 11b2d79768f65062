// The start of `serve` on a regular file, up to where its threads begin, and `detect` of it: what the command does,
// without a program for each.

import { Buffer } from "node:buffer";
import { UserError } from "../../src/base/errors.ts";
import { type OpenDevice, openDevice } from "../../src/opening/open_device.ts";
import { mapOf } from "../../src/opening/open_medium.ts";
import { File } from "../../src/device/file.ts";
import { discLayout } from "../../src/identity/disc_layout.ts";
import { identityId } from "../../src/identity/identity.ts";
import { sourceContent } from "../../src/identity/source_content.ts";
import { FINISHED } from "../../src/map/statuses.ts";
import { closeFd } from "../../src/sys/fd.ts";
import { sourceDetails } from "../../src/ui/device_report.ts";
import { assertSameBytes } from "../harness/test_folder.ts";
import { checkPrintable } from "./fuzz_counts.ts";

/** What came of it: "opened", or the sentence of a refusal without what stands in quotes. */
export type Outcome = string;

/** `detect PATH`. */
export function detectFile(path: string): void {
  const { identity, use, remarks } = sourceContent(path, File, () => () => true);
  const { size, sectorSize } = identity;
  const image = `x-${identityId(identity)}.img`;
  const report = { path, class: "File", size, sectorSize, identity, use, image } as const;
  const lines = sourceDetails({ ...report, images: [], remarks, device: null });
  // What an optical drive would have said of it.
  const disc = discLayout(size, sectorSize, identity.volume, undefined);
  for (const line of [...lines, ...disc.remarks]) checkPrintable(line);
}

/**
 * Opens a device with its cache. What the map calls finished must be in the image as it is on the device.
 * @param use is called with what was opened.
 */
export function serveFile(
  device: string,
  image: string,
  blockSize: number | undefined,
  content: Uint8Array,
  use: (opened: OpenDevice) => void = () => {},
): Outcome {
  const warn = (message: string, hints: readonly string[]) =>
    [message, ...hints].forEach(checkPrintable);
  const medium = {
    devicePath: device,
    name: "device",
    imagePath: image,
    folder: ".",
    mapPath: undefined,
    direct: undefined,
    blockSize,
    force: false,
    isOverlaid: false,
    keepCache: true,
  };
  let outcome = "opened";
  try {
    const opened = openDevice(
      { ...medium, offline: false, writeThrough: false, speed: undefined },
      undefined,
      warn,
    );
    try {
      checkBytes(opened, content);
      use(opened);
    } finally {
      closeFd(opened.medium.imageFd);
      opened.close();
    }
  } catch (error) {
    outcome = refusal(error);
  }
  return outcome;
}

/** A sentence for the user. @throws whatever else it is. */
export function refusal(error: unknown): Outcome {
  if (!(error instanceof UserError)) throw error;
  for (const line of [error.message, ...error.hints]) checkPrintable(line);
  return error.message.replaceAll(/".*?"/g, '""').replaceAll(/\d+/g, "N");
}

function checkBytes({ medium }: OpenDevice, content: Uint8Array): void {
  using image = Deno.openSync(medium.imagePath);
  for (const { start, end, status } of mapOf(medium).ranges()) {
    if (status !== FINISHED) continue;
    const bytes = new Uint8Array(end - start);
    image.seekSync(start, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const count = image.readSync(bytes.subarray(at));
      if (count === null) throw new Error(`the image ends at ${start + at}`);
      at += count;
    }
    // Most are the same, and this is how to find that out quickly.
    if (Buffer.compare(bytes, content.subarray(start, end)) === 0) continue;
    assertSameBytes(bytes, content.slice(start, end), `the image at ${start}`);
  }
}

/** How often each outcome has been seen, for a person. */
export class Outcomes {
  readonly #counts = new Map<string, number>();

  add(outcome: Outcome): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }

  of(outcome: Outcome): number {
    return this.#counts.get(outcome) ?? 0;
  }

  get size(): number {
    return this.#counts.size;
  }

  toString(): string {
    return [...this.#counts].sort(([, one], [, other]) => other - one)
      .map(([outcome, count]) => `${count} ${outcome}`).join("\n");
  }
}
