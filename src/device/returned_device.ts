// Finds a disk again that has gone and come back, perhaps by another name: a cable, a bridge that was reset, a power
// cycle. Names come and go, so it is looked for by what it says of itself; what is on it must be compared by the
// caller. Reader thread: opening may block as the device likes.
import { identityOf } from "../sys/fd.ts";
import { SystemError } from "../sys/system_error.ts";
import { Device } from "./device.ts";
import { statPathIfThere } from "../host/path_stat.ts";
import { blockDevices, SysfsBlock } from "../host/sysfs.ts";

/** What a disk or a partition says of itself; undefined where it does not. */
interface Facts {
  readonly size: number | undefined;
  readonly partition: string | undefined;
  readonly start: string | undefined;
  readonly model: string | undefined;
  readonly serial: string | undefined;
  readonly wwid: string | undefined;
}

/** See the head of this file. */
export class ReturnedDevice {
  readonly #path: string;
  readonly #facts: Facts;
  /** The device that is open: its number, and its count of arrivals. */
  #open: string;

  /** @param fd an open descriptor of the device, while it is there. @param path as the user has named it. */
  constructor(path: string, fd: number) {
    const block = new SysfsBlock(identityOf(fd).rdev);
    this.#path = path;
    this.#facts = factsOf(block);
    this.#open = arrivalOf(block);
  }

  /** Whether it says something that hardly another device says. */
  get hasName(): boolean {
    return this.#facts.serial !== undefined || this.#facts.wwid !== undefined;
  }

  /** Opens what may be the same device, one after the other, until `isSame` says so. @returns that one. */
  find(direct: boolean, isSame: (device: Device) => boolean): Device | undefined {
    for (const path of this.#candidates()) {
      const device = tryOpen(path, direct);
      if (device === undefined) continue;
      if (this.#isLike(device.sysfs) && isSame(device)) {
        this.#open = arrivalOf(device.sysfs);
        return device;
      }
      device.close();
    }
    return undefined;
  }

  /** The path that the user has named first, then every device that says the same of itself. */
  #candidates(): string[] {
    const others = blockDevices().filter((block) => this.#isLike(block))
      .flatMap(({ name }) => name === undefined ? [] : [`/dev/${name}`]);
    return [...new Set([this.#path, ...others])].filter((path) => {
      const stat = statPathIfThere(path);
      return stat !== undefined && arrivalOf(new SysfsBlock(stat.rdev)) !== this.#open;
    });
  }

  /** What both say must be the same. */
  #isLike(block: SysfsBlock): boolean {
    const known = this.#facts;
    const now = factsOf(block);
    return (Object.keys(known) as (keyof Facts)[]).every((key) =>
      known[key] === undefined || now[key] === undefined
        ? key !== "partition" || known[key] === now[key]
        : known[key] === now[key]
    );
  }
}

function factsOf(block: SysfsBlock): Facts {
  return {
    size: block.size,
    partition: block.attribute("partition"),
    start: block.attribute("start"),
    model: block.model,
    serial: block.serial,
    wwid: block.diskAttribute("device/wwid") ?? block.diskAttribute("wwid"),
  };
}

/** A device that is attached anew has another sequence number, also under its old name. */
function arrivalOf(block: SysfsBlock): string {
  return `${block.numbers} ${block.disk.diskSeq ?? ""}`;
}

function tryOpen(path: string, direct: boolean): Device | undefined {
  try {
    return Device.check(path) ? Device.open(path, { direct }) : undefined;
  } catch (error) {
    // It goes, or cannot be opened yet: the next attempt sees.
    if (error instanceof SystemError || (error as Error).cause instanceof SystemError) {
      return undefined;
    }
    throw error;
  }
}
