// Drives that are no disc drives, and what a disc drive can be told.

import { assert, assertEquals } from "@std/assert";
import { assertSameFile, noise, TestFolder } from "../harness/test_folder.ts";
import { CD_DRIVE, hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";
import { makeDisc } from "./disc.ts";
import { guestEvents, mediumEnds } from "./events.ts";

const STICK_BYTES = 8 << 20;

Deno.test({
  name: "a stick is unplugged and comes back under another name; a disc drive does as it is told",
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const stick = folder.file("stick.img");
    Deno.writeFileSync(stick, noise(STICK_BYTES, 7));
    const other = folder.file("other.img");
    Deno.writeFileSync(other, noise(1 << 20, 8));
    const { code, output } = await runGuest("drives.sh", folder, [
      ...["-object", "throttle-group,id=slow,x-bps-read=2000000,x-bps-read-max=2000000"],
      ...["-blockdev", `driver=file,node-name=file,filename=${stick}`],
      ...["-blockdev", "driver=throttle,throttle-group=slow,node-name=stick,file=file"],
      ...["-blockdev", `driver=file,node-name=other,filename=${other}`],
      ...CD_DRIVE,
      ...["-device", "scsi-hd,id=stick,drive=stick,removable=on,serial=STICK1"],
    ], { DISC_A: await makeDisc(folder, "a", 1), DISC_B: await makeDisc(folder, "b", 1) });
    assertEquals(code, 0, output);
    const out = (name: string) => folder.file(`out/${name}`);

    assertSameFile(out("stick.copy"), stick);
    const events = guestEvents(folder, "events.stick");
    const ready = events.filter(({ event }) => event === "ready");
    assertEquals(ready.map(({ resumed }) => resumed), [false, true]);
    assertEquals(ready[0]!.image, ready[1]!.image);
    assertSameFile(out(ready[0]!.image), stick);
    const ends = mediumEnds(events);
    assertEquals(ends.map(({ totals }) => totals.badSector + totals.nonTrimmed), [0, 0]);
    const [before, after] = ends.map(({ deviceBytes }) => deviceBytes);
    assert(before! > 0 && after! > 0 && before! + after! <= STICK_BYTES, `${before} + ${after}`);

    const named = guestEvents(folder, "events.named");
    const [refused] = named.filter(({ state }) => state === "refused");
    assert(/^image "disc.img" is of another device/.test(refused!.message), refused!.message);
    // 4 times 177 kB/s as the kernel has it, and what it likes best.
    assertEquals(Deno.readTextFileSync(out("speeds")), "02 c4\nff ff\n");
    // qemu's drive takes no speed, and that is a warning.
    assert(
      guestEvents(folder).some(({ event, message }) =>
        event === "warning" && /does not take the speed 4/.test(message)
      ),
    );
  },
});
