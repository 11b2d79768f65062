// What sysfs says of block devices, by device number: /dev may be renamed, bind-mounted or absent.
// Opening these files never touches the device. Everything a device says is made printable here.
import { printable } from "../base/printable.ts";
import { deviceNumbers, makeDevice } from "../sys/statx.ts";
import { statPathIfThere } from "./path_stat.ts";
import { readSpecialBytes, readSpecialFile } from "./special_file.ts";

/** One block device in sysfs: a whole disk or a partition. */
export class SysfsBlock {
  /** Packed device number, as `statPath(...).rdev` has it. */
  readonly deviceNumber: number;
  /** "8:1" */
  readonly numbers: string;
  readonly #folder: string;
  readonly #diskFolder: string;

  constructor(device: number) {
    const { major, minor } = deviceNumbers(device);
    this.deviceNumber = device;
    this.numbers = `${major}:${minor}`;
    this.#folder = `/sys/dev/block/${this.numbers}`;
    this.#diskFolder = this.isPartition ? `${this.#folder}/..` : this.#folder;
  }

  /** False when sysfs is not mounted, or the device has gone. */
  get exists(): boolean {
    return this.attribute("dev") !== undefined;
  }

  get isPartition(): boolean {
    return this.attribute("partition") !== undefined;
  }

  /** The kernel's name ("sda1"), with "/" in it for a few old drivers; undefined when not known. */
  get name(): string | undefined {
    return this.#uevent("uevent").get("DEVNAME");
  }

  /** The driver of the whole disk: "sd", "sr", "floppy", "virtio_blk"... */
  get driver(): string | undefined {
    return this.#diskUevent("device/uevent").get("DRIVER");
  }

  /** The whole disk that a partition belongs to; the device itself otherwise. */
  get disk(): SysfsBlock {
    const device = parseNumbers(this.diskAttribute("dev"));
    return device === undefined || device === this.deviceNumber ? this : new SysfsBlock(device);
  }

  /** An attribute of the device itself, or of the partition: "size", "ro". */
  attribute(name: string): string | undefined {
    return clean(readSpecialFile(`${this.#folder}/${name}`));
  }

  /** An attribute that only whole disks have: "queue/rotational", "removable". */
  diskAttribute(name: string): string | undefined {
    return clean(readSpecialFile(`${this.#diskFolder}/${name}`));
  }

  /** As `diskAttribute`, as a number; undefined when it is none. */
  diskNumber(name: string): number | undefined {
    return toNumber(this.diskAttribute(name));
  }

  /** Where an attribute of the whole disk lies, to write it. */
  diskPath(name: string): string {
    return `${this.#diskFolder}/${name}`;
  }

  /** Bytes; 0 without a medium. Whatever the sector size, sysfs counts in 512. */
  get size(): number | undefined {
    const sectors = toNumber(this.attribute("size"));
    return sectors === undefined ? undefined : sectors * 512;
  }

  /** Where a partition begins on its disk, bytes; undefined for a whole disk. */
  get partitionStart(): number | undefined {
    const sectors = this.isPartition ? toNumber(this.attribute("start")) : undefined;
    return sectors === undefined ? undefined : sectors * 512;
  }

  get isRemovable(): boolean {
    return this.diskAttribute("removable") === "1";
  }

  get isReadOnly(): boolean {
    return this.attribute("ro") === "1";
  }

  /** False also when it is not known. */
  get isRotational(): boolean {
    return this.diskAttribute("queue/rotational") === "1";
  }

  /** Counts up each time the medium changes; kernel 5.15 and later. */
  get diskSeq(): number | undefined {
    return this.diskNumber("diskseq");
  }

  /**
   * Differs for each time that a disk was attached, also under its old numbers and, mostly, with another medium.
   * The kernel gives each folder of sysfs a number that it does not use again (Linux 4.14 and later; older ones may
   * use it again); the sequence number of the disk is there from 5.15 on.
   */
  get arrival(): string {
    const folder = statPathIfThere(this.#diskFolder)?.ino ?? "";
    return `${this.numbers} ${folder} ${this.diskSeq ?? ""}`;
  }

  /** A name; the bare PCI number that virtio gives is none. */
  get vendor(): string | undefined {
    const vendor = this.diskAttribute("device/vendor");
    return vendor?.startsWith("0x") ? undefined : vendor;
  }

  get model(): string | undefined {
    return this.diskAttribute("device/model") ?? this.diskAttribute("device/name");
  }

  /** NVMe and MMC, virtio, SCSI and SATA (unit serial number page), USB, in this order. */
  get serial(): string | undefined {
    return this.diskAttribute("device/serial") ?? this.diskAttribute("serial") ??
      clean(scsiSerial(readSpecialBytes(this.diskPath("device/vpd_pg80")))) ??
      (this.#isUsb ? this.diskAttribute("device/../../../../serial") : undefined);
  }

  /** How the disk is connected, as far as it is cheap to know: "usb", "nvme", "ata", "virtio"... */
  get transport(): string | undefined {
    if (this.#isUsb) return "usb";
    if (this.vendor === "ATA") return "ata";
    const name = this.disk.name ?? "";
    const byName = ["nvme", "mmc", "loop", "nbd", "zram"].find((prefix) => name.startsWith(prefix));
    return byName ?? (this.driver?.startsWith("virtio") ? "virtio" : undefined);
  }

  /** The file behind a loop device. */
  get backingFile(): string | undefined {
    return this.diskAttribute("loop/backing_file");
  }

  /** True when `other` (a kernel name) is stacked below this device: disks of a dm or md device. */
  hasSlave(other: string): boolean {
    return this.attribute(`slaves/${sysfsName(other)}/dev`) !== undefined;
  }

  /** A SCSI device lies four levels below its USB device: target, host, interface, device. */
  get #isUsb(): boolean {
    return this.diskAttribute("device/../../../../idVendor") !== undefined;
  }

  #uevent(name: string): Map<string, string> {
    return parseUevent(readSpecialFile(`${this.#folder}/${name}`) ?? "");
  }

  #diskUevent(name: string): Map<string, string> {
    return parseUevent(readSpecialFile(`${this.#diskFolder}/${name}`) ?? "");
  }
}

/** All block devices, partitions too, in the kernel's order; from /proc, as sysfs needs a directory read. */
export function blockDevices(): SysfsBlock[] {
  return parseDiskStats(readSpecialFile("/proc/diskstats") ?? "").map((device) =>
    new SysfsBlock(device)
  );
}

/** Device numbers of /proc/diskstats: `major minor name ...` a line. */
export function parseDiskStats(text: string): number[] {
  return text.split("\n").flatMap((line) => {
    const [, major, minor] = /^\s*(\d+)\s+(\d+)\s+\S/.exec(line) ?? [];
    return major && minor ? [makeDevice(Number(major), Number(minor))] : [];
  });
}

/** "8:1" as a packed device number. */
export function parseNumbers(text: string | undefined): number | undefined {
  const [, major, minor] = /^(\d+):(\d+)$/.exec(text ?? "") ?? [];
  return major && minor ? makeDevice(Number(major), Number(minor)) : undefined;
}

/** `KEY=value` lines. */
export function parseUevent(text: string): Map<string, string> {
  const pairs = text.split("\n").map((line) => /^([^=]+)=(.*)$/.exec(line));
  return new Map(pairs.flatMap((pair) => pair ? [[pair[1]!, printable(pair[2]!)]] : []));
}

/** The serial number of a SCSI "unit serial number" page (SPC-5, 7.8.15): a 4-byte header, then ASCII. */
export function scsiSerial(page: Uint8Array | undefined): string | undefined {
  if (!page || page.length < 4 || page[1] !== 0x80) return undefined;
  const length = (page[2]! << 8) + page[3]!;
  return new TextDecoder("latin1").decode(page.subarray(4, 4 + length));
}

/** sysfs writes "!" for the "/" in a kernel name. */
function sysfsName(name: string): string {
  return name.replaceAll("/", "!");
}

function clean(text: string | undefined): string | undefined {
  const cleaned = text === undefined ? "" : printable(text).trim();
  return cleaned === "" ? undefined : cleaned;
}

function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
