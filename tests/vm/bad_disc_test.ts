// A disc with bad sectors in a real drive, and the drives of a machine as `detect` sees them.

import { assert, assertEquals } from "@std/assert";
import { parseMapfile } from "../../src/map/mapfile.ts";
import { BAD_SECTOR } from "../../src/map/statuses.ts";
import { assertSameBytes, TestFolder } from "../harness/test_folder.ts";
import { CD_DRIVE, hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";
import { discFile, makeDisc } from "./disc.ts";
import { guestEvents, mediumEnds } from "./events.ts";

const SECTOR = 2048;
/** qemu injects errors by sectors of this size. */
const HOST_SECTOR = 512;
const RUN_OUT_SECTORS = 2;

Deno.test({
  name: "a bad sector costs one file, run-out costs nothing, and detect knows all drives",
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const disc = await makeDisc(folder, "c", 3);
    const image = Deno.readFileSync(disc);
    Deno.writeFileSync(disc, new Uint8Array(RUN_OUT_SECTORS * SECTOR), { append: true });
    const { size } = Deno.statSync(disc);
    const sectors = size / SECTOR;
    const badFile = discFile(folder, "c", 1);
    const badSector = sectorOf(image, badFile) + 100;
    const unreadable = [badSector, sectors - 2, sectors - 1];
    const bad = {
      driver: "blkdebug",
      image: { driver: "file", filename: disc, "read-only": true },
      "inject-error": unreadable.map((sector) => ({
        event: "none",
        iotype: "read",
        errno: 61,
        sector: sector * SECTOR / HOST_SECTOR,
      })),
    };
    const disk = folder.file("disk.img");
    Deno.writeFileSync(disk, new Uint8Array(1 << 20));
    const { code, output } = await runGuest("bad_disc.sh", folder, [
      ...CD_DRIVE,
      ...["-device", "scsi-cd,id=other"],
      ...["-blockdev", `driver=file,node-name=disk,filename=${disk}`],
      ...["-device", "scsi-hd,drive=disk,serial=DISK123"],
    ], { BAD_DISC: `json:${JSON.stringify(bad)}`, DISC_SECTORS: String(sectors) });
    assertEquals(code, 0, output);
    const out = (name: string) => folder.file(`out/${name}`);

    assertEquals(Deno.readTextFileSync(out("read")).split(/ ?\n/), [
      "file0.bin 0",
      "file1.bin 1 Input/output error",
      "file2.bin 0",
      "",
    ]);
    for (const index of [0, 2]) {
      const read = Deno.readFileSync(out(`read.file${index}.bin`));
      assertSameBytes(read, discFile(folder, "c", index), `file${index}.bin`);
    }

    const events = guestEvents(folder);
    const [ready] = events.filter(({ event }) => event === "ready");
    const { positions, statuses, size: mapped } = parseMapfile(
      Deno.readFileSync(out(`${ready!.image}.map`)),
      ready!.image,
    );
    const areas = Array.from(positions, (start, index) => ({
      start,
      end: positions[index + 1] ?? mapped,
      status: statuses[index],
    }));
    assertEquals(areas.filter(({ status }) => status === BAD_SECTOR), [
      { start: badSector * SECTOR, end: (badSector + 1) * SECTOR, status: BAD_SECTOR },
      { start: size - RUN_OUT_SECTORS * SECTOR, end: size, status: BAD_SECTOR },
    ]);
    const [end] = mediumEnds(events);
    assertEquals([end!.size, end!.runOut], [size, RUN_OUT_SECTORS * SECTOR]);
    assert(
      events.some(({ event, message }) =>
        event === "info" && /^the sizes of the disc differ/.test(message)
      ),
    );
    checkDetected(out);
  },
});

function checkDetected(out: (name: string) => string): void {
  const cd = Deno.readTextFileSync(out("cd")).trim();
  const devices = Deno.readTextFileSync(out("detect")).trimEnd().split("\n")
    .map((line) => JSON.parse(line));
  const seen = devices.map(({ path, class: kind, optical, medium, size, sectorSize, serial }) =>
    [path, kind, optical, medium, size > 0, sectorSize, serial].join(" ")
  );
  const drive = (path: string) =>
    path === cd
      ? `${path} Removable true present true 2048 `
      : `${path} Removable true absent false  `;
  for (
    const expected of [
      drive("/dev/sr0"),
      drive("/dev/sr1"),
      "/dev/sda Device false  true 512 DISK123",
      "/dev/loop0 Device false  true 512 ",
    ]
  ) {
    assert(seen.includes(expected), `${expected} is not among\n${seen.join("\n")}`);
  }
  const details = Deno.readTextFileSync(out("detect.disc"));
  assert(/volume +iso9660 "DISC_C"/.test(details), details);
  assert(/note +the sizes of the disc differ/.test(details), details);
}

/** Where a file lies on a disc. Its bytes are noise, so the first sector is enough to find it. */
function sectorOf(disc: Uint8Array, file: Uint8Array): number {
  for (let start = 0; start < disc.length; start += SECTOR) {
    let same = 0;
    while (same < SECTOR && disc[start + same] === file[same]) same++;
    if (same === SECTOR) return start / SECTOR;
  }
  throw new Error("the file is not on the disc");
}
