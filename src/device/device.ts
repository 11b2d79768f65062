// A block device, with the facts that the kernel has about it: by ioctl where there is one, else by sysfs.
import {
  blkDiskSeq,
  blkGetSize64,
  blkPhysicalBlockSize,
  blkReadOnly,
  blkSectorSize,
} from "../sys/block_ioctls.ts";
import { identityOf, seekEnd } from "../sys/fd.ts";
import { SystemError } from "../sys/system_error.ts";
import { File, type OpenOptions } from "./file.ts";
import { isBlockDevice, statPathIfThere } from "../host/path_stat.ts";
import { SysfsBlock } from "../host/sysfs.ts";

/** The sector size of a device that does not tell: no disk that Linux knows has smaller sectors. */
export const DEFAULT_SECTOR_SIZE = 512;

/** An open block device. Opened read-only unless `write` asks for more. */
export class Device extends File {
  /** What sysfs says of it. */
  readonly sysfs: SysfsBlock;

  protected constructor(path: string, options: OpenOptions) {
    super(path, options);
    this.sysfs = new SysfsBlock(identityOf(this.fd).rdev);
  }

  /** True when the path is a block device (symbolic links followed). Opens nothing. */
  static override check(path: string): boolean {
    const stat = statPathIfThere(path);
    return stat !== undefined && isBlockDevice(stat);
  }

  static override open(path: string, options: OpenOptions = {}): Device {
    return new Device(path, options);
  }

  /** Bytes, asked anew each time: 0 once the device has been unplugged. */
  override get size(): number {
    return firstAnswer(
      (size) => size > 0,
      () => blkGetSize64(this.fd),
      () => this.sysfs.size,
      () => seekEnd(this.fd),
    ) ?? 0;
  }

  /** Logical sector size, bytes: the least that can be read alone. */
  override get sectorSize(): number {
    return firstAnswer(
      isSectorSize,
      () => blkSectorSize(this.fd),
      () => this.sysfs.diskNumber("queue/logical_block_size"),
    ) ?? DEFAULT_SECTOR_SIZE;
  }

  /** Physical sector size, bytes: a bad spot makes all of it unreadable. */
  get physicalSectorSize(): number {
    return firstAnswer(
      isSectorSize,
      () => blkPhysicalBlockSize(this.fd),
      () => this.sysfs.diskNumber("queue/physical_block_size"),
    ) ?? this.sectorSize;
  }

  /** One sector, so that a bad neighbour is never part of a read. */
  override get directAlignment(): number {
    return this.sectorSize;
  }

  /** True when the kernel refuses writes to it. */
  get readOnly(): boolean {
    return firstAnswer(() => true, () => blkReadOnly(this.fd)) ?? this.sysfs.isReadOnly;
  }

  get model(): string | undefined {
    return this.sysfs.model;
  }

  get serial(): string | undefined {
    return this.sysfs.serial;
  }

  /** Changes with each medium; undefined before kernel 5.15 and once the device has gone. */
  get diskSeq(): number | undefined {
    return firstAnswer(() => true, () => blkDiskSeq(this.fd), () => this.sysfs.diskSeq);
  }
}

/** True for what can be a sector size: a power of two from 512 bytes to 64 KiB. */
export function isSectorSize(size: number): boolean {
  return size >= 512 && size <= 65_536 && Number.isInteger(Math.log2(size));
}

/** The first answer that will do. A source that the system refuses (SystemError) does not answer. */
export function firstAnswer<T>(
  willDo: (answer: T) => boolean,
  ...sources: (() => T | undefined)[]
): T | undefined {
  for (const source of sources) {
    try {
      const answer = source();
      if (answer !== undefined && willDo(answer)) return answer;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }
  return undefined;
}
