// `serve --attach` with the kernel's own NBD client.

import { assert, assertEquals } from "@std/assert";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";
import { CD_DRIVE, hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";
import { makeDisc } from "./disc.ts";
import { guestEvents } from "./events.ts";

const MIB = 1 << 20;
const DISK_BYTES = 12 * MIB;
/** What is read to know the device, before anything is counted. */
const HEAD = 65_536;

/** A disk with two partitions, a file system on the first. */
async function makeDisk(folder: TestFolder): Promise<string> {
  const disk = folder.noise("disk", DISK_BYTES, 5);
  await tool("sfdisk", ["-q", disk], { stdin: "label: gpt\n1MiB 8MiB\n9MiB 2MiB\n" });
  const contents = Deno.readFileSync(await makeDisc(folder, "disk", 2));
  using file = Deno.openSync(disk, { write: true });
  file.seekSync(MIB, Deno.SeekMode.Start);
  file.writeSync(contents);
  return disk;
}

Deno.test({
  name: "a device is attached to the kernel, and detached whatever happens",
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const disk = await makeDisk(folder);
    // At the end the disk itself is written to.
    const before = folder.file("before");
    Deno.copyFileSync(disk, before);
    const { code, output } = await runGuest("attach.sh", folder, [
      ...["-object", "throttle-group,id=slow,x-bps-read=3000000,x-bps-read-max=3000000"],
      ...["-blockdev", `driver=file,node-name=file,filename=${disk}`],
      ...["-blockdev", "driver=throttle,throttle-group=slow,node-name=disk,file=file"],
      ...CD_DRIVE,
      ...["-device", "scsi-hd,drive=disk,serial=DISK1"],
    ], { DISC_A: await makeDisc(folder, "a", 1), DISC_B: await makeDisc(folder, "b", 1) });
    assertEquals(code, 0, output);
    const out = (name: string) => folder.file(`out/${name}`);
    const text = (name: string) => Deno.readTextFileSync(out(name)).trim();

    assertSameFile(out("file1.bin"), folder.file("disk.files/file1.bin"));
    assertSameFile(out("disk.copy"), before);
    assertEquals(text("block-size"), "512");
    // The kernel has read each sector once, and through two connections.
    const done = guestEvents(folder, "events.first").findLast(({ event }) => event === "done");
    assertEquals(done?.deviceBytes, DISK_BYTES - HEAD);
    const [resumed] = guestEvents(folder, "events.detached").filter(({ event }) =>
      event === "ready"
    );
    assertEquals(resumed?.resumed, true);
    const discs = guestEvents(folder).filter(({ event }) => event === "ready");
    assert(discs.length === 2 && discs[0]!.image !== discs[1]!.image);
  },
});
