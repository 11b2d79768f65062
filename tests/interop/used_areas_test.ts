// What src/filesystems calls used, against the file systems' own tools: file systems that mkfs has made and that have
// been in use. A copy that has nothing but the used areas shows every file; free space is in no plan.
// BLKCACHE_AGED=50 tries so many seeds of each kind.

import { assert, assertEquals } from "@std/assert";
import { diskUse, type PartUse } from "../../src/filesystems/disk_use.ts";
import { RangeList } from "../../src/filesystems/range_list.ts";
import { Random, seedOfRun } from "../conformance/mutation.ts";
import { filesIn, makeAged, type Maker } from "../harness/aged_file_system.ts";
import { readerOfFile } from "../harness/file_reader.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { inFolder } from "../harness/temporary_folder.ts";
import { tool } from "../harness/tool.ts";

const MIB = 2 ** 20;
const SEEDS = Number(Deno.env.get("BLKCACHE_AGED") ?? 1);
const STEPS = 90;

interface Kind extends Maker {
  readonly tools: readonly string[];
  /** How the part is shown. */
  readonly shown: string;
  /** What the tools say that is in use, bytes: compared with the plan; undefined: they do not say. */
  readonly inUse?: (image: string) => Promise<number>;
  /** Ranges that the tools call free: none may be in the plan. */
  readonly free?: (image: string) => Promise<RangeList>;
}

function mountAs(type: string, readOnly: string): NonNullable<Maker["mount"]> {
  return (device, folder, isReadOnly) => [
    ...["mount", "-t", type, "-o", isReadOnly ? readOnly : "rw", device, folder],
  ];
}

function ext(shown: string, size: number, ...options: string[]): Kind {
  return {
    tools: ["mkfs.ext4", "e2fsck", "dumpe2fs"],
    size,
    shown,
    mkfs: ["mkfs.ext4", "-q", "-F", "-L", "aged", "-t", shown, ...options],
    mount: mountAs("ext4", "ro,noload"),
    check: ["e2fsck", "-fn"],
    free: freeOfExt,
  };
}

function fat(bits: number, size: number, clusterSectors: number): Kind {
  return {
    tools: ["mkfs.fat", "mcopy", "fsck.fat"],
    size,
    shown: `FAT${bits}`,
    mkfs: ["mkfs.fat", "-n", "AGED", "-F", String(bits), "-s", String(clusterSectors)],
    check: ["fsck.fat", "-n"],
    inUse: async (image) => {
      const text = await tool("fsck.fat", ["-nv", image]);
      const number = (pattern: RegExp) => Number(pattern.exec(text)![1]);
      const data = number(/Data area starts at byte (\d+)/);
      return data + number(/(\d+)\/\d+ clusters/) * number(/(\d+) bytes per cluster/);
    },
  };
}

const KINDS: readonly (readonly [string, Kind])[] = [
  ["ext2 with blocks of 1024 bytes", ext("ext2", 48 * MIB, "-b", "1024")],
  ["ext3", ext("ext3", 64 * MIB, "-O", "^resize_inode,^sparse_super")],
  ["ext4", ext("ext4", 600 * MIB)],
  ["ext4 with meta_bg", ext("ext4", 300 * MIB, "-b", "1024", "-O", "meta_bg,^resize_inode,64bit")],
  ["ext4 with bigalloc", ext("ext4", 300 * MIB, "-O", "bigalloc", "-C", "16384")],
  ["ext4 with bigalloc of 1 KiB", ext("ext4", 99 * MIB, "-b", "1024", "-O", "bigalloc")],
  ["ext4 without flex_bg", ext("ext4", 300 * MIB, "-O", "^flex_bg,^metadata_csum,^64bit")],
  ["ext4 with sparse_super2", ext("ext4", 300 * MIB, "-O", "sparse_super2,^resize_inode")],
  ["NTFS", {
    tools: ["mkfs.ntfs", "ntfs-3g", "ntfsinfo", "ntfsfix"],
    size: 48 * MIB,
    shown: "NTFS",
    mkfs: ["mkfs.ntfs", "-q", "-F", "-f", "-L", "aged"],
    mount: (device, folder, isReadOnly) => [
      ...["ntfs-3g", "-o", isReadOnly ? "ro" : "rw", device, folder],
    ],
    check: ["ntfsfix", "-n"],
    inUse: async (image) => {
      const text = await tool("ntfsinfo", ["-m", image]);
      const number = (pattern: RegExp) => Number(pattern.exec(text)![1]);
      const clusters = number(/Volume Size in Clusters: (\d+)/) - number(/Free Clusters: (\d+)/);
      // The copy of the boot sector stands behind the last cluster.
      return clusters * number(/Cluster Size: (\d+)/) + 512;
    },
  }],
  ["FAT12", fat(12, 8 * MIB, 8)],
  ["FAT16", fat(16, 32 * MIB, 4)],
  ["FAT32", fat(32, 48 * MIB, 1)],
  ["exFAT", {
    tools: ["mkfs.exfat", "mount.exfat-fuse", "dump.exfat", "fsck.exfat"],
    size: 48 * MIB,
    shown: "exFAT",
    mkfs: ["mkfs.exfat", "-L", "aged", "-c", "4096"],
    mount: (device, folder, isReadOnly) => [
      ...["mount.exfat-fuse", "-o", isReadOnly ? "ro" : "rw", device, folder],
    ],
    check: ["fsck.exfat", "-n"],
    inUse: async (image) => {
      const text = await tool("dump.exfat", [image]);
      const number = (pattern: RegExp) => Number(pattern.exec(text)![1]);
      const clusters = number(/Total Clusters:\s+(\d+)/) - number(/Free Clusters:\s+(\d+)/);
      const heap = number(/Cluster Heap Offset \(sector offset\):\s+(\d+)/) * 512;
      return heap + clusters * number(/Cluster size:\s+(\d+)/);
    },
  }],
  ["XFS version 5", xfs()],
  ["btrfs with two copies of its trees", btrfs("-m", "dup", "-d", "single")],
  ["btrfs with single copies", btrfs("-m", "single", "-d", "single")],
];

function xfs(...options: string[]): Kind {
  return {
    tools: ["mkfs.xfs", "xfs_db", "xfs_repair"],
    size: 320 * MIB,
    shown: "XFS",
    mkfs: ["mkfs.xfs", "-q", "-f", "-L", "aged", ...options],
    mount: mountAs("xfs", "ro,norecovery"),
    check: ["xfs_repair", "-n", "-f"],
    free: async (image) => {
      const number = async (...names: string[]) => {
        const text = await tool("xfs_db", [
          "-r",
          "-c",
          "sb 0",
          "-c",
          `p ${names.join(" ")}`,
          image,
        ]);
        return [...text.matchAll(/= (\d+)/g)].map(([, value]) => Number(value));
      };
      const [block, groupBlocks] = await number("blocksize", "agblocks");
      const free = new RangeList();
      const text = await tool("xfs_db", ["-r", "-c", "freesp -d", image]);
      for (const [, group, start, count] of text.matchAll(/^ *(\d+) +(\d+) +(\d+) *$/gm)) {
        const first = (Number(group) * groupBlocks! + Number(start)) * block!;
        free.add(first, first + Number(count) * block!);
      }
      return free;
    },
  };
}

function btrfs(...options: string[]): Kind {
  return {
    tools: ["mkfs.btrfs", "btrfs"],
    size: 256 * MIB,
    shown: "btrfs",
    mkfs: ["mkfs.btrfs", "-q", "-f", "-L", "aged", ...options],
    mount: mountAs("btrfs", "ro,rescue=nologreplay"),
    check: ["btrfs", "check", "--readonly", "--check-data-csum"],
    inUse: async (image) => {
      const text = await tool("btrfs", ["inspect-internal", "dump-tree", "-t", "extent", image]);
      let bytes = 0;
      for (const [, used, , flags] of text.matchAll(/block group used (\d+) (.*)flags (\S+)/g)) {
        bytes += Number(used) * (flags!.includes("DUP") ? 2 : 1);
      }
      // Superblocks: at 64 KiB and 64 MiB.
      return bytes + 2 * 4096;
    },
  };
}

/** Blocks that no group calls used. */
async function freeOfExt(image: string): Promise<RangeList> {
  const text = await tool("dumpe2fs", [image]);
  const block = Number(/^Block size:\s+(\d+)/m.exec(text)![1]);
  const free = new RangeList();
  for (const [, list] of text.matchAll(/^ {2}Free blocks: (.*)$/gm)) {
    for (const [, first, last] of list!.matchAll(/(\d+)(?:-(\d+))?/g)) {
      free.add(Number(first) * block, (Number(last ?? first) + 1) * block);
    }
  }
  return free;
}

for (const [name, kind] of KINDS) {
  Deno.test({
    name: `${name}: what is used is what its own tools say, and shows every file`,
    ignore: !hasTools(...kind.tools) || (kind.mount !== undefined && !isRoot()),
    async fn() {
      const firstSeed = seedOfRun();
      for (let seed = firstSeed; seed < firstSeed + SEEDS; seed++) {
        console.log(`BLKCACHE_SEED=${seed}`);
        await inFolder((folder) => checkAged(kind, folder, new Random(seed)));
      }
    },
  });
}

async function checkAged(kind: Kind, folder: string, random: Random): Promise<void> {
  const [image, copy, mountPoint] = [`${folder}/image`, `${folder}/copy`, `${folder}/mounted`];
  Deno.mkdirSync(mountPoint);
  const files = await makeAged(kind, image, mountPoint, random, STEPS);
  assert(files.size > 5);
  const { parts, structures, data } = planOf(image);
  assertEquals(parts.length, 1);
  const part = parts[0]!;
  assertEquals([part.kind, part.label?.toLowerCase(), part.remark], [kind.shown, "aged", null]);
  assert(part.used < kind.size * 0.9, `${part.used} bytes used`);
  const all = new RangeList();
  all.addAll(structures);
  all.addAll(data);
  if (kind.inUse !== undefined) assertEquals(part.inUse, await kind.inUse(image));
  if (kind.free !== undefined) {
    const free = await kind.free(image);
    assert(free.bytes > 0);
    assertEquals(all.bytes - all.without(free).bytes, 0, "free space is in the plan");
  }
  copyRanges(image, copy, all);
  if (kind.check !== undefined) {
    const [check, ...args] = kind.check;
    await tool(check!, [...args, copy]);
  }
  const copied = await filesIn(kind, copy, mountPoint, files.keys());
  for (const [name, bytes] of files) assertEquals(copied.get(name)!, bytes, name);
}

function planOf(path: string): ReturnType<typeof diskUse> & { parts: readonly PartUse[] } {
  using file = readerOfFile(path);
  return diskUse(file.read, file.size, 512);
}

function copyRanges(from: string, to: string, ranges: RangeList): void {
  using source = readerOfFile(from);
  using target = Deno.openSync(to, { create: true, write: true });
  target.truncateSync(source.size);
  for (const { start, end } of ranges) {
    for (let at = start; at < end; at += MIB) {
      const bytes = source.read(at, Math.min(MIB, end - at));
      target.seekSync(at, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) done += target.writeSync(bytes.subarray(done));
    }
  }
}
