// Media made of bytes, and images of them as an earlier run has left them, for tests of which medium is which.

import { formatSidecar } from "../../src/opening/sidecar.ts";
import { blankIdentity, type Identity } from "../../src/identity/identity.ts";
import { sha1 } from "../../src/identity/fingerprint.ts";
import { readVolume } from "../../src/filesystems/volume.ts";
import { noise, type TestFolder } from "./test_folder.ts";

export const MIB = 2 ** 20;
const PARTITION = MIB;

/** What stands on a medium, and what its user has put there. */
export interface Made {
  size?: number;
  /** Zeros but for what follows; default: noise of this seed. */
  seed?: number | "blank";
  mbr?: { id: number };
  /** A FAT32 in the partition at 1 MiB. */
  fat?: { id: number };
  /** On the whole medium. */
  ext?: { uuid: number; mounts?: number; label?: string };
  iso?: { label: string; date: string };
  raid?: { member: number };
  /** Other bytes of a seed: files that only this one has. */
  files?: readonly { at: number; length: number; seed: number }[];
}

/** Media that were made lately: tables of tests need the same ones again and again. */
const lately = new Map<string, Uint8Array<ArrayBuffer>>();
const MOST_KEPT = 4;

/** The bytes; a copy of its own for each caller. */
export function make(made: Made): Uint8Array<ArrayBuffer> {
  const key = JSON.stringify(made);
  const bytes = lately.get(key) ?? makeAnew(made);
  lately.delete(key);
  lately.set(key, bytes);
  if (lately.size > MOST_KEPT) lately.delete(lately.keys().next().value!);
  return bytes.slice();
}

function makeAnew(made: Made): Uint8Array<ArrayBuffer> {
  const { size = 16 * MIB, seed = 1, mbr, fat, ext, iso, raid, files = [] } = made;
  const bytes = seed === "blank" ? new Uint8Array(size) : noise(size, seed);
  const isPlain = [mbr, fat, ext, iso, raid].every((each) => each === undefined);
  if (!isPlain) bytes.fill(0, 0, 65_536);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
  if (mbr) {
    view.setUint32(440, mbr.id, true);
    bytes[446 + 4] = 0x0c;
    view.setUint32(446 + 8, PARTITION / 512, true);
    view.setUint32(446 + 12, (size - PARTITION) / 512, true);
    view.setUint16(510, 0xaa55, true);
  }
  if (fat) {
    bytes.fill(0, PARTITION, PARTITION + 65_536);
    text(PARTITION + 82, "FAT32   ");
    view.setUint32(PARTITION + 67, fat.id, true);
    view.setUint16(PARTITION + 11, 512, true);
    bytes[PARTITION + 13] = 8;
    view.setUint16(PARTITION + 14, 32, true);
    bytes[PARTITION + 16] = 2;
    view.setUint32(PARTITION + 36, 64, true);
    view.setUint16(PARTITION + 510, 0xaa55, true);
  }
  if (ext) {
    view.setUint32(1024 + 4, size / 1024, true);
    view.setUint32(1024 + 0x14, 1, true);
    view.setUint32(1024 + 0x20, 8192, true);
    view.setUint32(1024 + 0x28, 2048, true);
    view.setUint16(1024 + 0x34, ext.mounts ?? 0, true);
    view.setUint16(1024 + 0x38, 0xef53, true);
    view.setUint32(1024 + 0x68, ext.uuid, true);
    text(1024 + 0x78, ext.label ?? "");
  }
  if (iso) {
    bytes[32_768] = 1;
    text(32_769, "CD001");
    text(32_768 + 40, iso.label.padEnd(32));
    text(32_768 + 813, `${iso.date}0101000000`.padEnd(16, "0"));
    view.setUint32(32_768 + 80, size / 2048, true);
    view.setUint16(32_768 + 128, 2048, true);
  }
  if (raid) {
    view.setUint32(4096, 0xa92b4efc, true);
    view.setUint32(4096 + 16, 77, true);
    view.setUint32(4096 + 168, raid.member, true);
  }
  for (const file of files) bytes.set(noise(file.length, file.seed), file.at);
  return bytes;
}

/** What an earlier run has left of a medium. */
export interface Left {
  /** Areas that the image has; default: everything. */
  finished?: readonly (readonly [start: number, end: number])[];
  /** Sectors that could not be read. */
  bad?: readonly (readonly [start: number, end: number])[];
  /** False: as ddrescue leaves it. */
  sidecar?: boolean;
  identity?: Partial<Identity>;
}

/** Puts image, mapfile and sidecar into a folder. @returns the image's path. */
export function leave(
  folder: TestFolder,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  { finished = [[0, bytes.length]], bad = [], sidecar = true, identity = {} }: Left = {},
): string {
  const image = new Uint8Array(bytes.length);
  for (const [start, end] of finished) image.set(bytes.subarray(start, end), start);
  const path = folder.file(name);
  Deno.writeFileSync(path, image);
  const blocks = [
    ...finished.map(([start, end]) => ({ start, end, status: "+" })),
    ...bad.map(([start, end]) => ({ start, end, status: "-" })),
  ].sort((one, other) => one.start - other.start);
  let at = 0;
  const lines = ["0 ? 1"];
  for (const { start, end, status } of [...blocks, { start: bytes.length, end: 0, status: "" }]) {
    if (start > at) lines.push(`${at} ${start - at} ?`);
    if (status !== "") lines.push(`${start} ${end - start} ${status}`);
    at = end;
  }
  Deno.writeTextFileSync(`${path}.map`, lines.join("\n") + "\n");
  if (sidecar) {
    const whole = { ...identityOf(bytes), ...identity };
    const text = formatSidecar(whole, { device: "/dev/x", program: "test" });
    Deno.writeTextFileSync(`${path}.json`, text);
  }
  return path;
}

/** As a first run finds it out. */
export function identityOf(bytes: Uint8Array<ArrayBuffer>): Identity {
  return {
    ...blankIdentity(bytes.length, 512),
    fingerprint: sha1(bytes.subarray(0, 65_536)).slice(0, 8),
    volume: readVolume((offset, length) => bytes.subarray(offset, offset + length), 512),
  };
}
