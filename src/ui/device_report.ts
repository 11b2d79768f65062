// Devices as text: a table of all, or everything about one. Pure.

import { formatSize } from "../base/sizes.ts";
import type { BlockDeviceInfo } from "../file/block_listing.ts";
import { type Identity, identityId } from "../file/identity.ts";
import { exactSize } from "./exact_size.ts";
import { textTable } from "./text_table.ts";

/** What `detect` found out about one source. */
export interface SourceReport {
  readonly path: string;
  readonly class: "File" | "Device" | "Removable";
  /** Bytes. */
  readonly size: number;
  readonly sectorSize: number | null;
  /** The image that `serve` makes by default. */
  readonly image: string | null;
  /** Null without a medium, or when it could not be opened. */
  readonly identity: Identity | null;
  /** What the kernel knows of a block device. */
  readonly device: BlockDeviceInfo | null;
}

const HEADINGS = ["DEVICE", "CLASS", "SIZE", "SECTOR", "MEDIUM", "ABOUT"];

/** A line a device, below headings. */
export function deviceTable(devices: readonly BlockDeviceInfo[], width: number): string[] {
  const rows = devices.map((device) => [
    device.path,
    device.class,
    device.size > 0 ? formatSize(device.size) : "-",
    String(device.sectorSize ?? "-"),
    device.medium ?? "-",
    about(device),
  ]);
  return textTable([HEADINGS, ...rows], ["left", "left", "right", "right", "left", "left"], width);
}

/** Everything about one source, a line each. */
export function sourceDetails(report: SourceReport): string[] {
  const { device, identity } = report;
  const volume = identity?.volume;
  const rows: [name: string, value: string | null | undefined][] = [
    ["class", report.class],
    ["size", exactSize(report.size)],
    ["sectors", sectors(report)],
    ["medium", device?.medium],
    ["model", device && joined([device.vendor, device.model])],
    ["serial", device?.serial],
    ["connected by", device?.transport],
    [
      "kind",
      device && (device.optical ? "optical" : device.rotational ? "rotational" : "solid state"),
    ],
    ["volume", volume && joined([volume.kind, volume.label && `"${volume.label}"`])],
    ["created", volume?.created],
    ["file behind it", device?.backingFile],
    ["partitions", device && joined(device.partitions)],
    ["mounted at", device && joined(device.mountPoints)],
    ["fingerprint", identity && (identity.fingerprint ?? "none: its start cannot be read")],
    ["identity", identity && identityId(identity)],
    ["image", report.image],
  ];
  const known = rows.filter((row): row is [string, string] => Boolean(row[1]));
  return [
    report.path,
    ...textTable(known.map(([name, value]) => [`  ${name}`, value]), ["left", "left"]),
  ];
}

function about(device: BlockDeviceInfo): string {
  const { vendor, model, label, backingFile, mountPoints } = device;
  return joined([
    joined([vendor, model]),
    label && `"${label}"`,
    backingFile,
    mountPoints.length > 0 && `mounted at ${mountPoints.join(" ")}`,
  ], ", ");
}

function sectors({ sectorSize, device }: SourceReport): string | undefined {
  if (sectorSize === null) return undefined;
  const physical = device?.physicalSectorSize;
  const more = physical && physical !== sectorSize ? `, physically ${physical} bytes` : "";
  return `${sectorSize} bytes${more}`;
}

function joined(parts: readonly (string | null | undefined | false)[], separator = " "): string {
  return parts.filter(Boolean).join(separator);
}
