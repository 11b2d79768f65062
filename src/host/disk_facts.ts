// Facts that a disk or a partition tells without being read, and whether a device may be one that was seen before.
// Pure but for `factsOf`, which reads sysfs. Any thread.
import { formatSize } from "../base/sizes.ts";
import type { SysfsBlock } from "./sysfs.ts";

/** Undefined where the device says nothing. Everything a device says is printable. */
export interface DiskFacts {
  /** Bytes. */
  readonly size: number | undefined;
  /** Number of the partition, and where it begins; both undefined for a whole disk. */
  readonly partition: string | undefined;
  readonly start: string | undefined;
  readonly model: string | undefined;
  readonly serial: string | undefined;
  readonly wwid: string | undefined;
}

export function factsOf(block: SysfsBlock): DiskFacts {
  return {
    size: block.size,
    partition: block.attribute("partition"),
    start: block.attribute("start"),
    model: block.model,
    serial: block.serial,
    wwid: block.diskAttribute("device/wwid") ?? block.diskAttribute("wwid"),
  };
}

/** Whether a device says something that hardly another one says. */
export function hasName({ serial, wwid }: DiskFacts): boolean {
  return serial !== undefined || wwid !== undefined;
}

const NAMES = {
  size: "size",
  partition: "partition number",
  start: "start on its disk",
  model: "model",
  serial: "serial number",
  wwid: "WWID",
} as const;

/**
 * Why a device cannot be the one that was known, a clause for a person; undefined: it may be. What was known must be
 * said again, because a device that says less than before may be any. New facts may be added.
 */
export function contradiction(known: DiskFacts, now: DiskFacts): string | undefined {
  for (const key of Object.keys(NAMES) as (keyof DiskFacts)[]) {
    if (known[key] === now[key]) continue;
    const isPlace = key === "partition" || key === "start";
    if (known[key] === undefined && !isPlace) continue;
    return `its ${NAMES[key]} is ${shown(key, now)}, not ${shown(key, known)}`;
  }
  return undefined;
}

function shown(key: keyof DiskFacts, facts: DiskFacts): string {
  const value = facts[key];
  if (value === undefined) return key === "partition" || key === "start" ? "none" : "not told";
  return key === "size" ? formatSize(value as number) : String(value);
}
