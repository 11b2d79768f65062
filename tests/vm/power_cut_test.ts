// The power fails at any moment: what the mapfile on disk claims is in the image on disk, and the next run goes on.
// The disk has a write cache that forgets, the file system is a journalling one, and both are real.

import { assert, assertEquals } from "@std/assert";
import { type Area, areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { assertSameBytes, exists, noise, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";
import { Guest, hasVirtualMachine } from "../harness/virtual_machine.ts";
import type { Random } from "../model/map_random.ts";
import { guestEvents, mediumEnds } from "./events.ts";
import { seeded } from "./seeded.ts";
import { VolatileDisk } from "./volatile_disk.ts";

/** Of one disk. Each takes a boot. */
const CUTS = 5;
/** Disks, one after the other; BLKCACHE_CUTS says how many cuts there are in all. */
const DISKS = Math.ceil(Number(Deno.env.get("BLKCACHE_CUTS") ?? CUTS) / CUTS);
/** Moments before each cut at which the disk is looked at as if the power had failed then. */
const LOOKS = 4;
const MIB = 1 << 20;
/** More than is read before the last cut, by far. */
const SOURCE_BYTES = 16 * MIB;
const BYTES_PER_SECOND = 1_000_000;
const DISK_BYTES = 40 * MIB;
/** From when the image grows to the cut, milliseconds at most. */
const MOMENTS_MS = 2000;
/** One cut comes while the program starts, which takes so long, about. */
const START_MS = 8000;

for (let number = 1; number <= DISKS; number++) {
  Deno.test({
    name: `the power of disk ${number} fails ${CUTS} times, and might have ${
      CUTS * LOOKS
    } times more`,
    ignore: !hasVirtualMachine(),
    fn: () => seeded(cutAgainAndAgain),
  });
}

async function cutAgainAndAgain(random: Random): Promise<void> {
  using folder = new TestFolder();
  const source = noise(SOURCE_BYTES, random.below(1000));
  Deno.writeFileSync(folder.file("source"), source);
  const disk = folder.file("disk");
  Deno.writeFileSync(disk, new Uint8Array(0));
  Deno.truncateSync(disk, DISK_BYTES);
  await tool("mkfs.ext4", ["-q", "-m", "0", disk]);

  let finished = 0;
  for (let cut = 0; cut < CUTS; cut++) {
    finished = await cutOnce(folder, source, finished, cut === CUTS - 1, random);
  }
  assert(finished > 0 && finished < SOURCE_BYTES, `${finished} bytes before the last run`);

  await using last = await VolatileDisk.start(disk, folder.file("socket"));
  await using guest = await boot(folder, last, "finish", false);
  const { code, output } = await guest.end;
  assertEquals(code, 0, output);
  const events = guestEvents(folder);
  assertEquals(events.find(({ event }) => event === "ready")?.resumed, true);
  const [end] = mediumEnds(events);
  assert(
    end!.deviceBytes <= SOURCE_BYTES - finished,
    `${end!.deviceBytes} bytes were read again, though ${finished} were there`,
  );
  await last.cutPower();
  assertEquals(await checkDisk(folder, disk, source), SOURCE_BYTES);
}

/** From a boot to a power cut. @returns how much the disk has then, which is not less than before. */
async function cutOnce(
  folder: TestFolder,
  source: Uint8Array,
  before: number,
  isEarly: boolean,
  random: Random,
): Promise<number> {
  const file = folder.file("disk");
  await using disk = await VolatileDisk.start(file, folder.file("socket"));
  await using guest = await boot(folder, disk, "fill", true);
  await guest.until("its file system is mounted", () => exists(folder.file("out/mounted")));
  if (!isEarly) {
    await guest.until(
      "the image grows",
      () => /"deviceReads":[1-9]/.test(Deno.readTextFileSync(folder.file("out/events"))),
    );
  }
  const looks = Array.from({ length: LOOKS }, (_, look) => folder.file(`look${look}`));
  const limitMs = isEarly ? START_MS : MOMENTS_MS;
  for (const look of looks) {
    await pause(random.below(limitMs / looks.length));
    disk.snapshot(look);
  }
  await pause(random.below(limitMs / looks.length));
  await disk.cutPower();
  await guest.cutPower();
  looks.push(folder.file("last"));
  Deno.copyFileSync(file, looks.at(-1)!);
  let finished = before;
  for (const look of looks) {
    const seen = await checkDisk(folder, look, source);
    assert(seen >= finished, `of ${finished} bytes ${seen} are left`);
    finished = seen;
  }
  return finished;
}

async function boot(
  folder: TestFolder,
  disk: VolatileDisk,
  task: string,
  isSlow: boolean,
): Promise<Guest> {
  const out = folder.file("out");
  if (exists(out)) Deno.removeSync(out, { recursive: true });
  const limit = isSlow ? BYTES_PER_SECOND : 100 * BYTES_PER_SECOND;
  return await Guest.boot("power_cut.sh", folder, [
    ...["-object", `throttle-group,id=slow,x-bps-read=${limit},x-bps-read-max=${limit}`],
    ...["-blockdev", `driver=file,node-name=file,read-only=on,filename=${folder.file("source")}`],
    ...["-blockdev", "driver=throttle,throttle-group=slow,node-name=source,read-only=on,file=file"],
    ...disk.blockdev("disk"),
    ...["-device", "virtio-scsi-pci"],
    ...["-device", "scsi-hd,drive=source,serial=SOURCE"],
    ...["-device", "scsi-hd,drive=disk,serial=DISK"],
  ], { TASK: task, SOURCE_SECTORS: String(SOURCE_BYTES / 512) });
}

/**
 * Mounts what a disk has been left with, compares what its mapfile claims with the source, and removes it.
 * @returns how much that is; 0 while there is no mapfile.
 */
async function checkDisk(folder: TestFolder, disk: string, source: Uint8Array): Promise<number> {
  const folderOfDisk = folder.file("mounted");
  Deno.mkdirSync(folderOfDisk, { recursive: true });
  await tool("mount", ["-t", "ext4", "-o", "loop", disk, folderOfDisk]);
  try {
    const image = `${folderOfDisk}/rescue.img`;
    const map = `${image}.map`;
    if (!exists(map)) return 0;
    for (const path of [map, `${map}.bak`]) {
      if (!exists(path)) continue;
      await tool("ddrescuelog", ["--show-status", path]);
      assertTrue(image, areasOf(path), source);
    }
    return bytesWith("+", areasOf(map));
  } finally {
    await tool("umount", [folderOfDisk]);
    Deno.removeSync(disk);
  }
}

function assertTrue(image: string, areas: readonly Area[], source: Uint8Array): void {
  const bytes = Deno.readFileSync(image);
  for (const { start, end, status } of areas) {
    if (status !== "+") continue;
    assertSameBytes(
      bytes.subarray(start, end),
      source.subarray(start, end),
      `the image at ${start}`,
    );
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
