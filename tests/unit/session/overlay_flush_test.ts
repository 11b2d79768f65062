// Flushes of an overlay: what a restart finds after a power cut at any moment of them, and how they fail.
import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import { parseMapfile } from "../../../src/map/mapfile.ts";
import { fileMapOf } from "../../../src/map/mapfile_conversion.ts";
import { FINISHED } from "../../../src/map/statuses.ts";
import { isOverlaySaved, Overlay } from "../../../src/session/overlay.ts";
import { OVERLAY_WORDS_BYTES, type OverlayParts } from "../../../src/session/overlay_parts.ts";
import { EIO, ENOSPC } from "../../../src/sys/errno.ts";
import { closeFd, openFile, truncateFd } from "../../../src/sys/fd.ts";
import { addressOf } from "../../../src/sys/memory.ts";
import { O_CREAT, O_RDWR } from "../../../src/sys/open_flags.ts";
import { CrashDisk } from "../../harness/crash_disk.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const SECTOR = 512;
const SIZE = 64 * SECTOR;

/** Two sessions over one overlay, on a disk whose power can be cut. */
class Overlaid implements Disposable {
  readonly folder = new TestFolder();
  readonly map = FileMap.create(SIZE);
  readonly words = new SharedArrayBuffer(OVERLAY_WORDS_BYTES);
  readonly file: number;
  readonly disk: CrashDisk;
  readonly sessions: Overlay[];
  readonly told: string[] = [];
  /** -errno that the next calls end with, by what they are called. */
  readonly failing = new Map<string, number>();
  now = "";
  #next = 0;

  constructor() {
    this.file = openFile(this.folder.file("overlay"), O_RDWR | O_CREAT);
    truncateFd(this.file, SIZE);
    this.disk = new CrashDisk(this.folder.path);
    this.disk.before = (what) => void (this.now = what);
    const parts: OverlayParts = {
      path: this.folder.file("overlay"),
      mapPath: this.folder.file("overlay.map"),
      fileFd: this.file,
      mode: 0o600,
      map: this.map,
      words: this.words,
      version: "0",
      commandLine: "test",
      comments: [],
      identity: "{}",
      startTime: new Date(0),
      tell: ({ message }) => void this.told.push(message),
      disk: (call) => {
        this.now = "";
        const result = this.disk.call(call);
        return this.failing.get(this.now) ?? result;
      },
    };
    this.sessions = [0, 1].map(() =>
      new Overlay({ ...parts, map: FileMap.attach(this.map.buffer) })
    );
  }

  /** A client's write of the next sector. */
  write(session = 0): void {
    const offset = this.#next++ * SECTOR;
    const bytes = new Uint8Array(SECTOR).fill(this.#next);
    assertEquals(this.sessions[session]!.write(addressOf(bytes), offset, SECTOR), 0);
    this.disk.wrote("overlay", offset, bytes);
  }

  [Symbol.dispose](): void {
    for (const session of this.sessions) session.release();
    closeFd(this.file);
    this.folder[Symbol.dispose]();
  }
}

function mapIn(content: Uint8Array<ArrayBuffer> | undefined): FileMap {
  if (content === undefined) return FileMap.create(SIZE);
  return fileMapOf(parseMapfile(content, "overlay.map"), SIZE, "overlay.map");
}

Deno.test("a power cut at any moment leaves all that was flushed, and claims nothing that is not there", () => {
  using run = new Overlaid();
  const note = run.disk.before;
  run.disk.before = (what) => {
    note(what);
    if (what === "fdatasync overlay") run.write(1);
  };
  run.disk.after = (what) => {
    if (what === "fdatasync overlay") run.write(1);
  };
  for (let flush = 0; flush < 3; flush++) {
    run.write();
    const written = run.map.total(FINISHED);
    assertEquals(run.sessions[0]!.flush(), 0);
    run.disk.say(`${written}`);
  }
  let states = 0;
  for (const { after, said, files } of run.disk.crashes()) {
    states++;
    const map = mapIn(files.get("overlay.map"));
    for (const { start, end, status } of map.ranges()) {
      if (status !== FINISHED) continue;
      for (let at = start; at < end; at += SECTOR) {
        const sector = files.get("overlay")!.subarray(at, at + SECTOR);
        assert(sector.every((byte) => byte === at / SECTOR + 1), `sector at ${at} after ${after}`);
      }
    }
    assert(map.total(FINISHED) >= Number(said.at(-1) ?? 0), `a flushed write is lost: ${after}`);
  }
  assert(states > 50, `${states}`);
  assert(run.sessions[0]!.isDirty, "the writes during the flush have not been flushed");
});

Deno.test("a flush of what is claimed already syncs the bytes all the same", () => {
  using run = new Overlaid();
  run.write();
  assertEquals(run.sessions[0]!.flush(), 0);
  const bytes = new Uint8Array(SECTOR).fill(99);
  run.sessions[0]!.write(addressOf(bytes), 0, SECTOR);
  run.disk.wrote("overlay", 0, bytes);
  assertEquals(run.sessions[1]!.flush(), 0);
  run.disk.say("flushed");
  for (const { said, files, after } of run.disk.crashes()) {
    if (said.length > 0) assertEquals(files.get("overlay")![0], 99, after);
  }
  assertEquals(
    run.disk.calls.filter((what) => what === "rename overlay.map.tmp overlay.map").length,
    1,
  );
  assertEquals(run.disk.calls.at(-1), "fdatasync overlay");
});

Deno.test("a flush that another session's has covered makes no call", () => {
  using run = new Overlaid();
  run.write();
  assertEquals(run.sessions[0]!.flush(), 0);
  const { length } = run.disk.calls;
  assertEquals(run.sessions[1]!.flush(), 0);
  assertEquals(run.disk.calls.length, length);
  assert(isOverlaySaved(run.words));
});

Deno.test("after a sync that failed nothing is taken any more, and that is said once", () => {
  using run = new Overlaid();
  run.write();
  run.failing.set("fdatasync overlay", -EIO);
  assertEquals(run.sessions[0]!.flush(), EIO);
  run.failing.clear();
  assertEquals(run.sessions[1]!.flush(), EIO);
  assertEquals(run.sessions[1]!.write(addressOf(new Uint8Array(SECTOR)), 0, SECTOR), EIO);
  assertEquals(run.told.length, 1);
  assert(run.told[0]!.includes("Input/output error"), run.told[0]);
  assert(!isOverlaySaved(run.words));
});

Deno.test("a mapfile that cannot be saved is tried again by the next flush", () => {
  using run = new Overlaid();
  run.write();
  run.failing.set("write overlay.map.tmp", -ENOSPC);
  assertEquals(run.sessions[0]!.flush(), ENOSPC);
  assert(run.sessions[0]!.isDirty);
  run.failing.clear();
  assertEquals(run.sessions[0]!.flush(), 0);
  assertEquals(mapIn(Deno.readFileSync(run.folder.file("overlay.map"))).total(FINISHED), SECTOR);
});

Deno.test("an overlay that was cut short or deleted takes no flush", () => {
  for (const lose of ["cut", "delete"]) {
    using run = new Overlaid();
    run.write();
    if (lose === "cut") truncateFd(run.file, SECTOR);
    else Deno.removeSync(run.folder.file("overlay"));
    assertEquals(run.sessions[0]!.flush(), EIO);
    assertEquals(run.told, [
      `the overlay "${run.folder.file("overlay")}" has been deleted or cut short`,
    ]);
  }
});
