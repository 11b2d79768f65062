// Finds a disk again that has gone and come back, perhaps by another name: a cable, a bridge that was reset, a power
// cycle. Names come and go, so it is looked for by what it says of itself; what is on it is compared by the caller.
// Reader thread: opening may block as the device likes.
import { closeFd, identityOf, isDirect, reopen } from "../sys/fd.ts";
import { O_DIRECT, O_RDONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import { statPathIfThere } from "../host/path_stat.ts";
import { contradiction, type DiskFacts, factsOf, hasName } from "../host/disk_facts.ts";
import { blockDevices, SysfsBlock } from "../host/sysfs.ts";
import { Device } from "./device.ts";
import type { OpenOptions } from "./file.ts";
import { Removable } from "./removable.ts";

/**
 * What the caller makes of a device that says the same of itself: it is taken; it is not, and will not be; or it
 * could not be read, and is to be looked at once more.
 */
export type Judgement = "taken" | "refused" | "look again";

/** Hears what the search finds. */
export interface Judge {
  /** An open device, which is the caller's when it is taken. */
  judge(device: Device): Judgement;
  /** The path that the user has named leads to a device that says something else of itself. Told each time. */
  otherThere(path: string, why: string): void;
}

/** Finds a disk that has gone and come back, perhaps under another name. */
export class ReturnedDevice {
  readonly #path: string;
  readonly #facts: DiskFacts;
  /** The arrival of the device that is open, and those of others that will not do. */
  #open: string;
  readonly #refused = new Set<string>();

  /** @param fd an open descriptor of the device, while it is there. @param path as the user has named it. */
  constructor(path: string, fd: number) {
    const block = new SysfsBlock(identityOf(fd).rdev);
    this.#path = path;
    this.#facts = factsOf(block);
    this.#open = block.arrival;
  }

  /** Opens what may be the same device, one after the other, until one is taken. @returns that one. */
  find(options: OpenOptions, judge: Judge): Device | undefined {
    for (const path of this.#candidates(judge)) {
      const device = tryOpen(path, options);
      if (device === undefined) continue;
      const { arrival } = device.sysfs;
      const judgement = this.#contradicts(device.sysfs) === undefined
        ? judge.judge(device)
        : "look again";
      // Its numbers may have been given to another one meanwhile, of which sysfs has spoken then.
      if (judgement === "taken" && device.sysfs.arrival === arrival) {
        this.#open = arrival;
        return device;
      }
      if (judgement === "refused") this.#refused.add(arrival);
      device.close();
    }
    return undefined;
  }

  /**
   * Opens the device of `fd` once more, if it has not gone: some answer nothing until they are opened. May block as
   * long as the kernel recovers the device.
   * @returns a descriptor; undefined: it has gone, or cannot be opened.
   */
  openAgain(fd: number): number | undefined {
    let again: number | undefined;
    try {
      if (!this.#isOpen(fd)) return undefined;
      again = reopen(fd, O_RDONLY | (isDirect(fd) ? O_DIRECT : 0), this.#path);
      // Another one may have got its numbers meanwhile.
      if (this.#isOpen(again)) return again;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
    if (again !== undefined) closeFd(again);
    return undefined;
  }

  #isOpen(fd: number): boolean {
    const block = new SysfsBlock(identityOf(fd).rdev);
    return block.exists && block.arrival === this.#open;
  }

  /**
   * The path that the user has named, then every device with the same serial number or WWID. Devices without either
   * are not searched: the image itself may be attached as one, or what this very program serves.
   */
  #candidates(judge: Judge): string[] {
    const named = statPathIfThere(this.#path);
    const paths: string[] = [];
    if (named !== undefined && this.#isNew(new SysfsBlock(named.rdev))) {
      const block = new SysfsBlock(named.rdev);
      const why = this.#contradicts(block);
      if (why === undefined) paths.push(this.#path);
      else if (block.size) judge.otherThere(this.#path, why);
    }
    if (!hasName(this.#facts)) return paths;
    for (const block of blockDevices()) {
      const { name, deviceNumber } = block;
      if (name === undefined || deviceNumber === named?.rdev || !this.#isNew(block)) continue;
      if (this.#contradicts(block) === undefined) paths.push(`/dev/${name}`);
    }
    return paths;
  }

  #isNew(block: SysfsBlock): boolean {
    const { arrival } = block;
    return block.exists && arrival !== this.#open && !this.#refused.has(arrival);
  }

  #contradicts(block: SysfsBlock): string | undefined {
    return contradiction(this.#facts, factsOf(block));
  }
}

function tryOpen(path: string, options: OpenOptions): Device | undefined {
  try {
    // The medium of a drive can be exchanged at any moment, and nothing here would notice.
    return Device.check(path) && !Removable.check(path) ? Device.open(path, options) : undefined;
  } catch (error) {
    // It goes, or cannot be opened yet: the next attempt sees.
    if (error instanceof SystemError || (error as Error).cause instanceof SystemError) {
      return undefined;
    }
    throw error;
  }
}
