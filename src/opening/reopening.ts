// Opens a disk again that has gone and come back, when it is the same for certain. The descriptor keeps its number, so
// that its users need not know. Reader thread.
import { printable } from "../base/printable.ts";
import type { Device } from "../device/device.ts";
import type { TryPread } from "../device/file.ts";
import { type Judgement, ReturnedDevice } from "../device/returned_device.ts";
import { identifyUnread, tryReaderOf } from "../identity/identity.ts";
import { decideReturned } from "../identity/medium_decision.ts";
import type { FileMap } from "../map/file_map.ts";
import { isDirect, replaceFd } from "../sys/fd.ts";
import { gatherEvidence } from "./gather_evidence.ts";
import { IdentityReads } from "./identity_reads.ts";
import type { Medium, Warn } from "./open_medium.ts";

/** The device that was open. */
export interface Reopened {
  /** As the user has named it. */
  readonly path: string;
  /** As it was opened and identified at the start. */
  readonly medium: Pick<Medium, "deviceFd" | "size" | "sectorSize" | "identity" | "imageFd">;
  readonly map: FileMap;
  readonly tryPread: TryPread;
  readonly warn: Warn;
}

/**
 * Opens a disk again that has gone and come back, if it has the image's bytes. The descriptor keeps
 * its number. To be made while the device is there.
 */
export class Reopening {
  readonly #parts: Reopened;
  readonly #returned: ReturnedDevice;
  /** The path of the device that is open. */
  path: string;
  /** The last message: a device that comes and goes is reported once. */
  #told = "";

  constructor(parts: Reopened) {
    this.#parts = parts;
    this.#returned = new ReturnedDevice(parts.path, parts.medium.deviceFd);
    this.path = parts.path;
  }

  /**
   * Looks for the device, and opens it in place of the one that has gone.
   * @param isStuck one that has not gone is opened again as well.
   */
  attempt(isStuck = false): void {
    const { medium: { deviceFd }, tryPread } = this.#parts;
    const found = this.#returned.find({ direct: isDirect(deviceFd), tryPread }, {
      judge: (device) => this.#judge(device),
      otherThere: (path, why) => this.#refuse(path, "is another device now", why),
    });
    if (found === undefined) {
      const again = isStuck ? this.#returned.openAgain(deviceFd) : undefined;
      if (again !== undefined) replaceFd(deviceFd, again);
      return;
    }
    replaceFd(deviceFd, found.fd);
    this.path = found.path;
    this.#told = "";
  }

  #judge(device: Device): Judgement {
    const { medium, map, warn } = this.#parts;
    const { size, sectorSize, identity, imageFd } = medium;
    if (device.size !== size) {
      return this.#refuse(device.path, "is another device now", `it has ${device.size} bytes`);
    }
    if (sectorSize % device.sectorSize !== 0) {
      const why = `its sectors have ${device.sectorSize} bytes`;
      return this.#refuse(device.path, "has come back changed", why);
    }
    const reads = new IdentityReads(tryReaderOf(device), size, sectorSize);
    reads.map = map;
    const now = identifyUnread(device, { sectorSize });
    const { evidence } = gatherEvidence({
      ...{ knownIdentity: identity, now, sizes: [size], imageFd, map, reads },
    });
    const { answer, reason, remarks } = decideReturned(evidence);
    if (answer === "same") {
      for (const remark of remarks) warn(`"${printable(device.path)}" is back: ${remark}`, []);
      return "taken";
    }
    const what = answer === "other"
      ? "is another device now"
      : "may be the device that has gone, or another one";
    this.#refuse(device.path, what, reason);
    return evidence.findings.some(({ result }) => result === "unreadable")
      ? "look again"
      : "refused";
  }

  #refuse(path: string, what: string, why: string): Judgement {
    const message = `"${printable(path)}" ${what}: ${why}`;
    if (message !== this.#told) {
      this.#parts.warn(message, [
        "nothing is read from it, and the device that has gone is waited for",
        "if it is the right one, stop and start again: the start compares more, and --force answers " +
        "what nobody can tell",
      ]);
    }
    this.#told = message;
    return "refused";
  }
}
