// A disk that the kernel loses under load and finds again: the run goes on by itself, and never with another one. A disc
// that leaves a run which is to end by itself.

import { assertEquals, assertMatch } from "@std/assert";
import { assertSameFile, noise, TestFolder } from "../harness/test_folder.ts";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { CD_DRIVE, hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";
import { makeDisc } from "./disc.ts";
import { guestEvents } from "./events.ts";

const DISK_BYTES = 20 << 20;

Deno.test({
  name:
    "a disk is deleted and added again under load: the run goes on by itself, and no sector is bad",
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const disk = folder.file("disk.img");
    Deno.writeFileSync(disk, noise(DISK_BYTES, 11));
    const other = folder.file("other.img");
    Deno.writeFileSync(other, noise(DISK_BYTES, 12));
    const disc = await makeDisc(folder, "a", 6);
    const slowDisc = {
      driver: "throttle",
      "throttle-group": "slowdisc",
      file: { driver: "file", filename: disc, "read-only": true },
    };
    const { code, output } = await runGuest("returned_disk.sh", folder, [
      ...["-object", "throttle-group,id=slow,x-bps-read=2000000,x-bps-read-max=2000000"],
      ...["-object", "throttle-group,id=slowdisc,x-bps-read=1000000,x-bps-read-max=1000000"],
      ...["-blockdev", `driver=file,node-name=file,filename=${disk}`],
      ...["-blockdev", "driver=throttle,throttle-group=slow,node-name=disk,file=file"],
      ...["-blockdev", `driver=file,node-name=other,filename=${other}`],
      ...CD_DRIVE,
      ...["-device", "scsi-hd,id=disk,drive=disk,serial=DISK1"],
    ], { SLOW_A: `json:${JSON.stringify(slowDisc)}` });
    assertEquals(code, 0, output);
    const out = (name: string) => folder.file(`out/${name}`);

    assertSameFile(out("disk.copy"), disk);
    assertSameFile(out("disk.img"), disk);
    assertEquals(bytesWith("+", areasOf(out("disk.img.map"))), DISK_BYTES);
    const events = guestEvents(folder, "events.disk");
    const done = events.at(-1)!;
    assertEquals([done.event, done.exitCode], ["done", 0]);
    assertEquals([done.totals.badSector, done.totals.nonTrimmed, done.totals.nonScraped], [
      0,
      0,
      0,
    ]);
    const answers = events.filter(({ message }) => /answers again/.test(message ?? ""));
    assertEquals(answers.length, 2);
    for (const { message } of answers) assertMatch(message, / as "\/dev\/sd[a-z]", after /);

    const givenUp = guestEvents(folder).at(-1)!;
    assertEquals([givenUp.event, givenUp.exitCode], ["done", 4]);
    assertEquals(bytesWith("-", areasOf(out("disc.img.map"))), 0);
  },
});
