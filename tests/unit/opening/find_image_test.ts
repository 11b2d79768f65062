import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { chooseImage } from "../../../src/opening/find_image.ts";
import { IdentityReads } from "../../../src/opening/identity_reads.ts";
import { File } from "../../../src/device/file.ts";
import { MediumRefused } from "../../../src/device/medium_errors.ts";
import { sha1 } from "../../../src/identity/fingerprint.ts";
import { closeFd, openFile, tryLock } from "../../../src/sys/fd.ts";
import { EIO } from "../../../src/sys/errno.ts";
import { O_RDWR } from "../../../src/sys/open_flags.ts";
import { TestFolder } from "../../harness/test_folder.ts";
import { leave, type Made, make, MIB } from "../../harness/made_media.ts";

const DISC: Made = { seed: 3 };
const TWIN: Made = { seed: 3, files: [{ at: MIB, length: 15 * MIB, seed: 4 }] };
const HALF = { finished: [[0, 8 * MIB]] } as const;

/** Chooses the image of a device "dev" in the folder. @returns its name, what was said, and the reads. */
function choose(
  folder: TestFolder,
  made: Made,
  options: { force?: boolean; bad?: (offset: number, length: number) => boolean } = {},
) {
  const { force = false, bad = () => false } = options;
  const content = make(made);
  Deno.writeFileSync(folder.file("dev"), content);
  using device = File.open(folder.file("dev"));
  const reads: number[] = [];
  const said: string[] = [];
  let failed = 0;
  const path = chooseImage(
    {
      device,
      size: content.length,
      sectorSize: 512,
      name: "dev",
      folder: folder.path,
      mapPath: undefined,
      force,
      warn: (message) => said.push(message),
    },
    new IdentityReads(
      (offset, length) => {
        reads.push(offset);
        if (!bad(offset, length)) return content.slice(offset, offset + length);
        failed++;
        return -EIO;
      },
      content.length,
      512,
    ),
  );
  return { name: path.slice(folder.path.length + 1), said, reads, failed };
}

function idOf(made: Made): string {
  return sha1(make(made).subarray(0, 65_536)).slice(0, 8);
}

const NEW = `dev-${idOf(DISC)}.img`;
const SECOND = `dev-${idOf(DISC)}-2.img`;

Deno.test("where there is no image, it gets the name of its head, by one read", () => {
  using folder = new TestFolder();
  const { name, reads } = choose(folder, DISC);
  assertEquals([name, reads], [NEW, [0]]);
});

Deno.test("its own image is found under any name, another's is not", () => {
  using folder = new TestFolder();
  leave(folder, "dev-a.img", make({ seed: 5 }), HALF);
  leave(folder, "dev-b.img", make({ seed: 3, size: 8 * MIB }), HALF);
  assertEquals(choose(folder, DISC).name, NEW);
  leave(folder, "dev-c.img", make(DISC), HALF);
  assertEquals(choose(folder, DISC).name, "dev-c.img");
});

Deno.test("a twin with the same head gets a name of its own, and is known again by it", () => {
  using folder = new TestFolder();
  leave(folder, NEW, make(DISC), HALF);
  const { name, reads, said } = choose(folder, TWIN);
  assertEquals([name, said], [SECOND, []]);
  assert(reads.length <= 8, `${reads.length} reads`);
  leave(folder, SECOND, make(TWIN), HALF);
  assertEquals(choose(folder, TWIN).name, SECOND);
  assertEquals(choose(folder, DISC).name, NEW);
});

Deno.test("a twin of an image of ddrescue's, which has no sidecar, as well", () => {
  using folder = new TestFolder();
  leave(folder, NEW, make(DISC), { ...HALF, sidecar: false });
  assertEquals(choose(folder, TWIN).name, SECOND);
  assertEquals(choose(folder, DISC).name, NEW);
});

Deno.test("where nobody can tell, the user is asked; --force takes the one that may be it", () => {
  using folder = new TestFolder();
  leave(folder, "dev-a.img", make({ ext: { uuid: 5 } }), HALF);
  const mounted: Made = { ext: { uuid: 5, mounts: 1 } };
  const { message, hints } = assertThrows(() => choose(folder, mounted), MediumRefused);
  assertMatch(message, /cannot tell whether image ".*dev-a.img" is of this device: .*superblock/);
  assertMatch(hints.join(), /blkcache serve --force .*dev .*dev-a.img/);
  assertEquals(choose(folder, mounted, { force: true }).name, "dev-a.img");
});

Deno.test("a disk of another serial number, and another file's images, are no question", () => {
  using folder = new TestFolder();
  leave(folder, "other-a.img", make({ ext: { uuid: 5 } }), HALF);
  assertEquals(choose(folder, { ext: { uuid: 5, mounts: 1 } }).name.slice(0, 4), "dev-");
});

Deno.test("an image in use, without its file, or with a damaged sidecar is passed over", () => {
  using folder = new TestFolder();
  const inUse = leave(folder, "dev-a.img", make(DISC), HALF);
  Deno.removeSync(leave(folder, "dev-b.img", make(DISC), HALF));
  leave(folder, "dev-c.img", make(DISC), HALF);
  Deno.writeTextFileSync(folder.file("dev-c.img.json"), "{");
  leave(folder, "dev-d.img", make(DISC), HALF);
  const fd = openFile(inUse, O_RDWR);
  try {
    assertEquals(tryLock(fd), true);
    assertEquals(choose(folder, DISC).name, "dev-d.img");
  } finally {
    closeFd(fd);
  }
  assertEquals(choose(folder, DISC).name, "dev-a.img");
});

Deno.test("a head that is known to be bad is not read to find the image", () => {
  using folder = new TestFolder();
  leave(folder, "dev-a.img", make(DISC), {
    finished: [[512, 8 * MIB]],
    bad: [[0, 512]],
    identity: { fingerprint: null, volume: null },
  });
  const { name, failed } = choose(folder, DISC, { bad: (offset) => offset < 512 });
  assertEquals([name, failed], ["dev-a.img", 0]);
});

Deno.test("a folder that is not there holds no image", () => {
  using folder = new TestFolder();
  const content = make(DISC);
  Deno.writeFileSync(folder.file("dev"), content);
  using device = File.open(folder.file("dev"));
  const path = chooseImage(
    {
      device,
      size: content.length,
      sectorSize: 512,
      name: "dev",
      folder: "/no/such/folder",
      mapPath: undefined,
      force: false,
      warn: () => {},
    },
    new IdentityReads(() => content.slice(0, 65_536), content.length, 512),
  );
  assertEquals(path, `/no/such/folder/${NEW}`);
});
