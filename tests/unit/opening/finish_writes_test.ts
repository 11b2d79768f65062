// The clean end of a run that has written to the device.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import { FINISHED } from "../../../src/map/statuses.ts";
import { FINGERPRINT_BYTES, fingerprintOf } from "../../../src/identity/fingerprint.ts";
import { blankIdentity } from "../../../src/identity/identity.ts";
import { plainLayout } from "../../../src/identity/disc_layout.ts";
import { finishWrites } from "../../../src/opening/finish_writes.ts";
import type { Medium } from "../../../src/opening/open_medium.ts";
import { readSidecar } from "../../../src/opening/sidecar.ts";
import { intentsPathOf, WriteIntents } from "../../../src/reader/write_intents.ts";
import { EIO } from "../../../src/sys/errno.ts";
import { closeFd, openFile } from "../../../src/sys/fd.ts";
import { O_CREAT, O_RDWR } from "../../../src/sys/open_flags.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { CrashDisk } from "../../harness/crash_disk.ts";
import { exists, TestFolder } from "../../harness/test_folder.ts";

const SIZE = 2 * FINGERPRINT_BYTES;
const NOTES = { device: "/dev/device", program: "blkcache 1" };

class Written implements Disposable {
  readonly folder = new TestFolder();
  readonly imagePath = this.folder.noise("image", SIZE);
  readonly recordPath = intentsPathOf(this.imagePath);
  readonly map = FileMap.create(SIZE);
  readonly medium: Medium = {
    imagePath: this.imagePath,
    mapPath: `${this.imagePath}.map`,
    sidecarPath: `${this.imagePath}.json`,
    imageFd: openFile(this.imagePath, O_RDWR | O_CREAT),
    fresh: false,
    map: this.map.buffer,
    mapfile: undefined,
    tail: undefined,
    identity: { ...blankIdentity(SIZE, 512), serial: "S1", fingerprint: "old" },
    failures: [],
    deviceFd: -1,
    blockDevice: true,
    mode: 0o600,
    size: SIZE,
    sectorSize: 512,
    layout: plainLayout(SIZE),
    model: undefined,
  };

  record(): void {
    const intents = new WriteIntents(this.recordPath, SIZE, 0o600);
    intents.begin(0, 1, 0);
    intents.close();
  }

  [Symbol.dispose](): void {
    closeFd(this.medium.imageFd);
    this.folder[Symbol.dispose]();
  }
}

Deno.test("the record goes when the sidecar has reached the disk, and not before", () => {
  using written = new Written();
  written.map.set(0, SIZE, FINISHED);
  written.record();
  const disk = new CrashDisk(written.folder.path);
  const order: [string, boolean][] = [];
  disk.before = (what) => void order.push([what, exists(written.recordPath)]);
  finishWrites(written.medium, NOTES, disk.call);
  assertEquals(order.at(-1), ["fsync .", true]);
  assert(order.every(([, isThere]) => isThere));
  assertEquals(exists(written.recordPath), false);
  const identity = readSidecar(written.medium.sidecarPath);
  const head = Deno.readFileSync(written.imagePath).subarray(0, FINGERPRINT_BYTES);
  assertEquals([identity?.fingerprint, identity?.serial], [fingerprintOf(head), "S1"]);
});

Deno.test("a start that the image has not is not vouched for", () => {
  using written = new Written();
  written.map.set(512, SIZE, FINISHED);
  written.record();
  finishWrites(written.medium, NOTES);
  assertEquals(readSidecar(written.medium.sidecarPath)?.fingerprint, null);
});

Deno.test("the record stays when the sidecar cannot be saved; without a record nothing is done", () => {
  using written = new Written();
  written.record();
  const failing = (call: readonly unknown[]) => call[0] === "fsync" ? -EIO : 3;
  assertThrows(() => finishWrites(written.medium, NOTES, failing), SystemError);
  assert(exists(written.recordPath));
  Deno.removeSync(written.recordPath);
  finishWrites(written.medium, NOTES, failing);
  assertEquals(exists(written.medium.sidecarPath), false);
});
