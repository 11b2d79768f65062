// Devices as text: a table of all to choose from, or everything about one. Pure.

import { exactSize, formatSize } from "../base/sizes.ts";
import type { BlockDeviceInfo } from "../device/block_listing.ts";
import { useSentence } from "../filesystems/disk_use.ts";
import type { SourceUse } from "../identity/source_content.ts";
import { type Identity, identityId } from "../identity/identity.ts";
import { shellQuote } from "../base/shell_command.ts";
import { textTable, wrapText } from "./text_layout.ts";

/** An image of a device. */
export interface ImageMatch {
  readonly path: string;
  /** False: size and label agree, nothing more is known. */
  readonly certain: boolean;
}

/** A device in the list of all. */
export interface DeviceChoice extends BlockDeviceInfo {
  /** In this directory. */
  readonly images: readonly ImageMatch[];
}

/** What `detect` found out about one source. */
export interface SourceReport {
  readonly path: string;
  readonly class: "File" | "Device" | "Removable";
  /** Bytes. */
  readonly size: number;
  readonly sectorSize: number | null;
  /** The image that `serve` makes by default. */
  readonly image: string | null;
  /** Those that there are in this directory. */
  readonly images: readonly ImageMatch[];
  /** Null without a medium, or when it could not be opened. */
  readonly identity: Identity | null;
  /** Its partitions; null when it was not read. */
  readonly use: SourceUse | null;
  /** Oddities of a disc, whole sentences. */
  readonly remarks: readonly string[];
  /** What the kernel knows of a block device. */
  readonly device: BlockDeviceInfo | null;
}

const HEADINGS = ["DEVICE", "KIND", "SIZE", "SECTOR", "MEDIUM", "ABOUT"];
const ALIGNMENTS = ["left", "left", "right", "right", "left", "left"] as const;
/** The last column is never narrower. */
const LEAST_ABOUT = 24;

/** A row a device, below headings; what does not fit into the last column goes on below it. */
export function deviceTable(devices: readonly DeviceChoice[], width: number): string[] {
  const rows = devices.map((device) => [
    device.path,
    kindOf(device),
    device.size > 0 ? formatSize(device.size) : "-",
    String(device.sectorSize ?? "-"),
    device.medium ?? "-",
  ]);
  const before = textTable([HEADINGS.slice(0, -1), ...rows], ALIGNMENTS.slice(0, -1));
  const left = Math.max(LEAST_ABOUT, width - Math.max(...before.map(({ length }) => length)) - 2);
  const all = devices.flatMap((device, index) =>
    about(device).flatMap((line) => wrapText(line, left)).map((line, part) =>
      part === 0 ? [...rows[index], line] : ["", "", "", "", "", line]
    )
  );
  return textTable([HEADINGS, ...all], ALIGNMENTS);
}

/** What should be known before one of them is chosen: a sentence each, with what to do. */
export function deviceWarnings(device: BlockDeviceInfo): { message: string; hints: string[] }[] {
  const { path, mountPoints, system } = device;
  if (system) {
    return [{
      message: `the running system is on ${path}: it changes while it is read`,
      hints: ["to rescue it, start another system, as from a live medium"],
    }];
  }
  if (mountPoints.length === 0) return [];
  return [{
    message: `${path} is mounted at ${mountPoints.join(", ")}: it may change while it is read`,
    hints: [`umount ${mountPoints.map(shellQuote).join(" ")}`],
  }];
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
    ["kind", device && kindOf(device)],
    ["volume", volume && joined([volume.kind, volume.label && `"${volume.label}"`])],
    ["created", volume?.created],
    ["file behind it", device?.backingFile],
    ...usedParts(report.use, device?.partitions ?? []),
    ["mounted at", device && joined(device.mountPoints)],
    ["fingerprint", identity && (identity.fingerprint ?? "none: its start cannot be read")],
    ["identity", identity && identityId(identity)],
    ["image", report.image],
    ["cached in", imagesText(report.images)],
    ...report.remarks.map((remark): [string, string] => ["note", remark]),
  ];
  const known = rows.filter((row): row is [string, string] => Boolean(row[1]));
  return [
    report.path,
    ...textTable(known.map(([name, value]) => [`  ${name}`, value]), ["left", "left"]),
  ];
}

/** A row a partition; of a device that could not be read the kernel's names of them. */
function usedParts(
  use: SourceUse | null,
  names: readonly string[],
): [name: string, value: string | null][] {
  const parts = use?.parts ?? [];
  const isKnown = parts.some(({ name, kind }) => name !== null || kind !== null);
  if (!isKnown) return [["partitions", names.join(" ")]];
  return [
    ...parts.map((part): [string, string] => [part.name ?? "file system", useSentence(part)]),
    ["note", use?.remark ?? null],
  ];
}

function kindOf(
  { optical, removable, rotational, transport, backingFile }: BlockDeviceInfo,
): string {
  if (optical) return "optical";
  if (backingFile !== null) return "loop";
  const usb = transport === "usb" ? "USB " : "";
  if (removable) return `${usb}removable`;
  return usb + (rotational ? "hard disk" : "solid state");
}

/** One line a subject; the first is what it is. */
function about(device: DeviceChoice): string[] {
  const { vendor, model, serial, label, backingFile, mountPoints, system, images } = device;
  const lines = [
    joined([joined([vendor, model]), serial && `serial ${serial}`, backingFile], ", "),
    label && `"${label}"`,
    mountPoints.length > 0 && `! mounted at ${mountPoints.join(" ")}`,
    !device.answers && "! does not answer",
    system && "! the running system is on it",
    images.length > 0 && `cached in ${imagesText(images)}`,
  ].filter((line) => typeof line === "string" && line !== "") as string[];
  return lines.length > 0 ? lines : [""];
}

function imagesText(images: readonly ImageMatch[]): string {
  return images.map(({ path, certain }) => certain ? path : `perhaps ${path}`).join(", ");
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
