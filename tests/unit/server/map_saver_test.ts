// Saves of the map: what a restart finds after a power cut at any moment of them, and what is said.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { blankIdentity } from "../../../src/identity/identity.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import { parseMapfile } from "../../../src/map/mapfile.ts";
import { fileMapOf } from "../../../src/map/mapfile_conversion.ts";
import { FINISHED, NON_TRIMMED } from "../../../src/map/statuses.ts";
import { UnprovedMarks } from "../../../src/map/unproved_marks.ts";
import { plainLayout } from "../../../src/identity/disc_layout.ts";
import type { Medium } from "../../../src/opening/open_medium.ts";
import { readSidecar } from "../../../src/opening/sidecar.ts";
import type { ServerEvent } from "../../../src/server/events.ts";
import { MapSaver } from "../../../src/server/map_saver.ts";
import { EIO, ENOSPC } from "../../../src/sys/errno.ts";
import { closeFd, openFile, pwrite, truncateFd } from "../../../src/sys/fd.ts";
import { O_CREAT, O_RDWR } from "../../../src/sys/open_flags.ts";
import { UserError } from "../../../src/base/errors.ts";
import { CrashDisk } from "../../harness/crash_disk.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const SECTOR = 512;
const SIZE = 40 * SECTOR;

/** An image with a map, and a saver on a disk whose power can be cut. */
class Saved implements AsyncDisposable {
  readonly folder = new TestFolder();
  readonly map = FileMap.create(SIZE, { sectorSize: SECTOR });
  readonly marks = new UnprovedMarks(UnprovedMarks.createMemory(), this.map);
  readonly events: ServerEvent[] = [];
  readonly medium: Medium;
  readonly disk: CrashDisk;
  readonly saver: MapSaver;
  isDamaged = false;
  /** -errno that the next calls end with, by what they are called. */
  readonly failing = new Map<string, number>();
  #now = "";
  #next = 0;

  constructor() {
    const imagePath = this.folder.file("image");
    const image = openFile(imagePath, O_RDWR | O_CREAT);
    truncateFd(image, SIZE);
    this.medium = {
      imagePath,
      mapPath: `${imagePath}.map`,
      sidecarPath: `${imagePath}.json`,
      imageFd: image,
      fresh: true,
      map: this.map.buffer,
      mapfile: undefined,
      tail: undefined,
      identity: blankIdentity(SIZE, SECTOR),
      failures: [],
      deviceFd: -1,
      blockDevice: false,
      mode: 0o600,
      size: SIZE,
      sectorSize: SECTOR,
      layout: plainLayout(SIZE),
      model: undefined,
    };
    this.disk = new CrashDisk(this.folder.path);
    this.saver = new MapSaver(
      this.medium,
      this.map,
      this.marks,
      "/dev/device",
      { version: "1", commandLine: "blkcache" },
      (event) => void this.events.push(event),
      () => this.isDamaged,
      async (call) => {
        this.#now = "";
        const result = await this.disk.callElsewhere(call);
        return this.failing.get(this.#now) ?? result;
      },
    );
    this.disk.before = (what) => void (this.#now = what);
  }

  /** As the reader does: a sector's bytes into the image, then its claim into the map. */
  publish(): void {
    const offset = this.#next++ * SECTOR;
    const bytes = new Uint8Array(SECTOR).fill(this.#next);
    pwrite(this.medium.imageFd, bytes, offset);
    this.disk.wrote("image", offset, bytes);
    this.map.set(offset, offset + SECTOR, FINISHED);
  }

  get saved(): FileMap {
    const { mapPath } = this.medium;
    return fileMapOf(parseMapfile(Deno.readFileSync(mapPath), mapPath), SIZE, mapPath);
  }

  get said(): string[] {
    return this.events.flatMap((event) => "message" in event ? [event.message] : []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.saver.close();
    closeFd(this.medium.imageFd);
    this.folder[Symbol.dispose]();
  }
}

Deno.test("a power cut at any moment leaves a mapfile that claims only what the image has", async () => {
  await using run = new Saved();
  const { disk } = run;
  await run.saver.begin();
  disk.say("0");
  const note = disk.before;
  // The reader goes on while main saves.
  disk.before = (what) => {
    note(what);
    if (what === "fdatasync image") run.publish();
  };
  disk.after = (what) => {
    if (what === "fdatasync image") run.publish();
  };
  for (let save = 0; save < 2; save++) {
    run.publish();
    const before = run.map.total(FINISHED);
    assert(await run.saver.save());
    disk.say(`${before}`);
  }
  let states = 0;
  for (const { after, said, files } of disk.crashes()) {
    const mapfile = files.get("image.map");
    if (mapfile === undefined) {
      assertEquals(said, [], `no mapfile after ${after}`);
      continue;
    }
    states++;
    const map = fileMapOf(parseMapfile(mapfile, "image.map"), SIZE, "image.map");
    for (const { start, end, status } of map.ranges()) {
      if (status !== FINISHED) continue;
      for (let at = start; at < end; at += SECTOR) {
        const sector = files.get("image")!.subarray(at, at + SECTOR);
        assert(sector.every((byte) => byte === at / SECTOR + 1), `sector at ${at} after ${after}`);
      }
    }
    assert(map.total(FINISHED) >= Number(said.at(-1) ?? 0), `progress is lost after ${after}`);
  }
  assert(states > 100, `${states}`);
});

Deno.test("the sidecar is on the disk before the first mapfile is", async () => {
  await using run = new Saved();
  await run.saver.begin();
  for (const { after, files } of run.disk.crashes()) {
    if (files.has("image.map")) assert(files.get("image.json")!.length > 0, after);
  }
  assertEquals(readSidecar(run.medium.sidecarPath)?.size, SIZE);
});

Deno.test("nothing is written while nothing has changed", async () => {
  await using run = new Saved();
  await run.saver.begin();
  const { length } = run.disk.calls;
  assert(await run.saver.save());
  assertEquals(run.disk.calls.length, length);
  run.publish();
  assert(await run.saver.save());
  assert(run.disk.calls.length > length + 1);
});

Deno.test("an image that cannot be synced is not claimed; that is said once, and so is its end", async () => {
  await using run = new Saved();
  await run.saver.begin();
  run.publish();
  run.failing.set("fdatasync image", -EIO);
  assertEquals(await run.saver.save(), false);
  assertEquals(await run.saver.save(), false);
  assertEquals(run.saved.total(FINISHED), 0);
  run.failing.clear();
  assertEquals(await run.saver.save(), true);
  assertEquals(run.saved.total(FINISHED), SECTOR);
  assertEquals(run.said, [
    `cannot save the map: cannot sync "${run.medium.imagePath}": Input/output error (EIO)`,
    "the map can be saved again",
  ]);
});

Deno.test("a full disk keeps the mapfile that there is, and says what to do", async () => {
  await using run = new Saved();
  await run.saver.begin();
  run.publish();
  run.failing.set("write image.map.tmp", -ENOSPC);
  assertEquals(await run.saver.save(), false);
  const [event] = run.events.filter(({ event }) => event === "warning");
  assert(event?.event === "warning" && event.hints[0]?.startsWith("make room"));
  assertEquals(run.saved.total(FINISHED), 0);
});

Deno.test("failures that are not proved stay out of the mapfile until they are", async () => {
  await using run = new Saved();
  await run.saver.begin();
  run.publish();
  run.marks.begin();
  run.marks.note(SECTOR, 3 * SECTOR, run.map.at(SECTOR));
  run.map.set(SECTOR, 3 * SECTOR, NON_TRIMMED);
  assert(await run.saver.save());
  assertEquals(run.saved.total(NON_TRIMMED), 0);
  run.marks.proved();
  assert(await run.saver.save());
  assertEquals(run.saved.total(NON_TRIMMED), 2 * SECTOR);
  assertEquals(run.saved.total(FINISHED), SECTOR);
});

Deno.test("what an image has lost is not claimed, and that is said once", async () => {
  await using run = new Saved();
  await run.saver.begin();
  for (let count = 0; count < 4; count++) run.publish();
  truncateFd(run.medium.imageFd, 2 * SECTOR + 7);
  assert(await run.saver.save());
  assertEquals(run.saved.total(FINISHED), 2 * SECTOR);
  Deno.removeSync(run.medium.imagePath);
  assert(await run.saver.save());
  assertEquals(run.saved.total(FINISHED), 0);
  assertEquals(run.said, [`the image "${run.medium.imagePath}" has been cut short`]);
  assert(run.saver.hasLostBytes);
});

Deno.test("the first save fails with a sentence where nothing can be written", async () => {
  await using run = new Saved();
  run.failing.set("fsync image.json.tmp", -EIO);
  const error = await assertRejects(() => run.saver.begin(), UserError);
  assert(error.message.startsWith(`cannot save "${run.medium.sidecarPath}"`), error.message);
});
