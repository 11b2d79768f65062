// Small file systems of all kinds that are looked into, for tests that damage them; those whose tools are there.

import { Random } from "../conformance/mutation.ts";
import { hasTools } from "./requires.ts";
import { tool } from "./tool.ts";
import { diskUse } from "../../src/filesystems/disk_use.ts";

/** An image, and the places that say something of its structure. */
export interface BaseFileSystem {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly places: readonly number[];
}

const MIB = 2 ** 20;
const COMMANDS: readonly (readonly [name: string, size: number, ...command: string[]])[] = [
  ["ext2", 8 * MIB, "mkfs.ext4", "-q", "-F", "-t", "ext2", "-b", "1024"],
  ["ext4", 32 * MIB, "mkfs.ext4", "-q", "-F"],
  ["ext4 meta_bg", 40 * MIB, "mkfs.ext4", "-q", "-F", "-b", "1024", "-O", "meta_bg,^resize_inode"],
  ["NTFS", 8 * MIB, "mkfs.ntfs", "-q", "-F", "-f"],
  ["FAT12", 4 * MIB, "mkfs.fat", "-F", "12"],
  ["FAT16", 16 * MIB, "mkfs.fat", "-F", "16"],
  ["FAT32", 40 * MIB, "mkfs.fat", "-F", "32"],
  ["exFAT", 8 * MIB, "mkfs.exfat"],
  ["XFS", 320 * MIB, "mkfs.xfs", "-q", "-f"],
  ["XFS version 4", 320 * MIB, "mkfs.xfs", "-q", "-f", "-m", "crc=0"],
  ["btrfs", 128 * MIB, "mkfs.btrfs", "-q", "-f"],
  ["UDF", 8 * MIB, "mkudffs", "-b", "512"],
];

/** @param random chooses places within the structures. */
export async function baseFileSystems(folder: string, random: Random): Promise<BaseFileSystem[]> {
  const found: BaseFileSystem[] = [];
  const path = `${folder}/base`;
  for (const [name, size, command, ...args] of COMMANDS) {
    if (!hasTools(command!)) continue;
    Deno.writeFileSync(path, new Uint8Array(0));
    Deno.truncateSync(path, size);
    await tool(command!, [...args, path]);
    const bytes = Deno.readFileSync(path);
    Deno.removeSync(path);
    found.push({ name, bytes, places: placesIn(bytes, random) });
  }
  if (hasTools("sfdisk")) {
    for (const script of ["label: gpt\nsize=1M\n,\n", "label: dos\nsize=1M\nsize=1M,type=5\n"]) {
      Deno.writeFileSync(path, new Uint8Array(4 * MIB));
      await tool("sfdisk", ["-q", path], { stdin: script });
      const bytes = Deno.readFileSync(path);
      found.push({ name: script.split("\n")[0]!, bytes, places: placesIn(bytes, random) });
    }
  }
  return found;
}

/** Where the structures are read: at the start and within each of the reads that a look makes. */
function placesIn(bytes: Uint8Array, random: Random): number[] {
  const places = [0, 512, 1024, 4096, 32_768];
  const read = (offset: number, length: number) => {
    places.push(offset, offset + random.below(Math.min(length, 4096)));
    return bytes.slice(offset, offset + length);
  };
  diskUse(read, bytes.length, 512);
  return places.filter((place) => place < bytes.length);
}
