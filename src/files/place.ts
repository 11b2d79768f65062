// Whether an image and its mapfile can, and should, land where they were asked to. Facts in, findings out; `place_facts.ts`
// gathers the facts. A place is refused only when it cannot work or would harm the source.
import { resolve } from "@std/path";
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { formatSize } from "../base/sizes.ts";
import { gatherPlaceFacts, gatherStanding, type PlaceQuestion } from "./place_facts.ts";

/** One thing to be said about a place, as a sentence with hints. */
export interface PlaceFinding {
  severity: "refuse" | "warn";
  message: string;
  hints: readonly string[];
}

/** The facts about a place. Sizes are bytes. */
export interface PlaceFacts {
  imagePath: string;
  devicePath: string;
  /** The image's folder, and whether there is one. */
  folder: string;
  folderExists: boolean;
  /** The kind of file that is there now. */
  occupant: "nothing" | "file" | "source" | "device" | "other";
  /** Where the image stands to the source: its file system is on it, or on another part of its disk. */
  relation: "apart" | "on the source" | "on the same disk";
  /** File system type; undefined when it cannot be told. */
  type: string | undefined;
  mountPoint: string;
  readOnly: boolean;
  /** Whether the file system keeps its files in memory. */
  inMemory: "no" | "yes" | "perhaps";
  freeBytes: number;
  /** How much the image may still grow. */
  neededBytes: number;
  /** The size that the image gets, holes included. */
  imageBytes: number;
}

/** Largest file on FAT (32-bit size field). */
const FAT_FILE_BYTES = 2 ** 32 - 1;
const FAT_TYPES = ["vfat", "msdos"];
export const TYPES_WITHOUT_HOLES = [...FAT_TYPES, "exfat", "hfs", "hfsplus"];
const NETWORK_TYPE =
  /^(nfs4?|cifs|smb3|smbfs|9p|ceph|afs|ncpfs|fuse\.(sshfs|rclone|glusterfs|davfs2?|s3fs|curlftpfs))$/;
/** Kernel file systems, on which the program's own file calls do not work. */
const KERNEL_FOLDER = /^\/(dev|proc|sys)(\/|$)/;

/**
 * Looks at the place of an image, before anything is read or written.
 * @throws {SystemError} when the place cannot even be looked at (EACCES, ELOOP).
 */
export function checkPlace(question: PlaceQuestion): PlaceFinding[] {
  return judgePlace(gatherPlaceFacts(question));
}

/** What saving a mapfile replaces beside it (atomic_file.ts). */
const BESIDE_MAPFILE = [".bak", ".tmp", ".bak.tmp"];

/**
 * Looks at the place of a mapfile, which is going to be read, then replaced.
 * @throws {UserError} when it is the source, or on it, or would replace it, or cannot be a mapfile.
 * @throws {SystemError} as `checkPlace`.
 */
export function checkMapPlace(mapPath: string, devicePath: string): void {
  checkWrittenPlace("mapfile", mapPath, devicePath, "name another one with --map FILE");
}

/** As `checkMapPlace`, for the file beside an image that says of which device it is. */
export function checkSidecarPlace(sidecarPath: string, devicePath: string): void {
  checkWrittenPlace("sidecar file", sidecarPath, devicePath, "name another IMAGE");
}

/** As `checkMapPlace`, for a file that takes what clients write, and for those beside it. */
export function checkOverlayPlace(overlayPath: string, devicePath: string): void {
  const folder = KERNEL_FOLDER.exec(resolve(overlayPath));
  if (folder !== null) {
    throw new UserError(`no overlay can be kept in "${folder[0].replace(/\/$/, "")}"`, {
      hints: ["name one on a disk, or under /tmp: --overlay FILE"],
    });
  }
  checkWrittenPlace("overlay", overlayPath, devicePath, "name another file with --overlay FILE");
}

function checkWrittenPlace(what: string, path: string, devicePath: string, hint: string): void {
  const { occupant, relation } = gatherStanding(devicePath, path);
  const replaced = BESIDE_MAPFILE.map((ending) => path + ending)
    .find((other) => gatherStanding(devicePath, other).occupant === "source");
  const fault = occupant === "source"
    ? "is the source itself"
    : occupant === "device" || occupant === "other"
    ? "is not a regular file"
    : relation === "on the source"
    ? `would lie on the source ${quote(devicePath)} and be written to it`
    : replaced !== undefined
    ? `would replace the source as ${quote(replaced)} when it is saved`
    : undefined;
  if (fault === undefined) return;
  throw new UserError(`the ${what} ${quote(path)} ${fault}`, { hints: [hint] });
}

/** The findings: all that apply, but only the first that refuses. */
export function judgePlace(facts: PlaceFacts): PlaceFinding[] {
  const refusal = refusalOf(facts);
  return refusal ? [{ severity: "refuse", ...refusal }] : warningsOf(facts);
}

type Sentence = Omit<PlaceFinding, "severity">;

function refusalOf(facts: PlaceFacts): Sentence | undefined {
  const { occupant, relation, type } = facts;
  const image = quote(facts.imagePath);
  const elsewhere = ["name an IMAGE on another disk"];
  if (occupant === "source") {
    return { message: `the image ${image} is the source itself`, hints: ["name another IMAGE"] };
  }
  if (occupant === "device") {
    return {
      message: `the image ${image} is a device, which would be overwritten`,
      hints: ["name a regular file; it can be written to a disk later"],
    };
  }
  if (occupant === "other") {
    return { message: `the image ${image} is not a regular file`, hints: ["name another IMAGE"] };
  }
  if (!facts.folderExists) {
    return {
      message: `there is no directory for the image ${image}`,
      hints: [`make it: mkdir -p ${quote(facts.folder)}`],
    };
  }
  if (relation === "on the source") {
    return {
      message: `the image ${image} would lie on the source ${
        quote(facts.devicePath)
      } and be written to it`,
      hints: elsewhere,
    };
  }
  if (KERNEL_FOLDER.test(facts.mountPoint)) {
    return {
      message: `no image can be kept in ${quote(facts.mountPoint)}`,
      hints: ["name an IMAGE on a disk, or under /tmp"],
    };
  }
  if (facts.readOnly) {
    return {
      message: `the image ${image} would lie on ${quote(facts.mountPoint)}, which is read-only`,
      hints: [...elsewhere, `or make it writable: mount -o remount,rw ${quote(facts.mountPoint)}`],
    };
  }
  if (FAT_TYPES.includes(type ?? "") && facts.imageBytes > FAT_FILE_BYTES) {
    return {
      message: `the image ${image} would have ${formatSize(facts.imageBytes)}, ` +
        `and the FAT file system at ${quote(facts.mountPoint)} takes files of up to 4 GiB`,
      hints: ["name an IMAGE on ext4, XFS, Btrfs, NTFS or exFAT"],
    };
  }
  return undefined;
}

function warningsOf(facts: PlaceFacts): PlaceFinding[] {
  const { type, neededBytes, freeBytes } = facts;
  const where = `the file system at ${quote(facts.mountPoint)}`;
  const warnings: Sentence[] = [];
  if (facts.relation === "on the same disk") {
    warnings.push({
      message: `the image lies on the same disk as the source ${quote(facts.devicePath)}`,
      hints: ["if that disk is failing, name an IMAGE on another one: each write wears it"],
    });
  }
  if (facts.inMemory !== "no") {
    const verb = facts.inMemory === "yes" ? "is" : "is perhaps";
    warnings.push({
      message:
        `${where} (${type}) ${verb} in memory: the image takes memory and is lost at power-off`,
      hints: ["name an IMAGE on a disk"],
    });
  }
  if (neededBytes > freeBytes) {
    warnings.push({
      message: `${where} has ${formatSize(freeBytes)} free, and the image may need ` +
        formatSize(neededBytes),
      hints: ["name an IMAGE with more room; when it is full, reading goes on without caching"],
    });
  }
  if (TYPES_WITHOUT_HOLES.includes(type ?? "")) {
    warnings.push({
      message: `${where} (${type}) has no sparse files: a write far into the image first fills ` +
        `everything before it with zeros, which can take minutes`,
      hints: ["name an IMAGE on ext4, XFS, Btrfs or NTFS"],
    });
  }
  if (NETWORK_TYPE.test(type ?? "")) {
    warnings.push({
      message: `${where} (${type}) is on the network: a break in the network stops the caching`,
      hints: ["name an IMAGE on a local disk"],
    });
  }
  return warnings.map((warning) => ({ severity: "warn", ...warning }));
}

function quote(path: string): string {
  return `"${printable(path)}"`;
}
