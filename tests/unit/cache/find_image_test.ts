import { assertEquals } from "@std/assert";
import { findImage } from "../../../src/cache/find_image.ts";
import { formatSidecar } from "../../../src/cache/sidecar.ts";
import type { Identity } from "../../../src/file/identity.ts";
import { closeFd, openFile, tryLock } from "../../../src/sys/fd.ts";
import { O_RDWR } from "../../../src/sys/open_flags.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const DISC: Identity = {
  size: 4096,
  sectorSize: 2048,
  fingerprint: "01234567",
  model: null,
  serial: null,
  volume: null,
  stretches: [],
};
const VOLUME = {
  kind: "iso9660" as const,
  label: "A",
  created: "2001-02-03T04:05:06Z",
  modified: null,
  id: null,
  size: null,
};

function keep(folder: TestFolder, name: string, identity: Identity): string {
  Deno.writeTextFileSync(
    folder.file(`${name}.img.json`),
    formatSidecar(identity, { device: "/dev/sr0", program: "test" }),
  );
  Deno.writeTextFileSync(folder.file(`${name}.img`), "");
  return folder.file(`${name}.img`);
}

Deno.test("an image of the same medium is found under any name, another's is not", () => {
  using folder = new TestFolder();
  assertEquals(findImage(folder.path, DISC), undefined);
  keep(folder, "a", { ...DISC, fingerprint: "76543210" });
  keep(folder, "b", { ...DISC, size: 8192 });
  assertEquals(findImage(folder.path, DISC), undefined);
  const image = keep(folder, "c", DISC);
  keep(folder, "d", DISC);
  assertEquals(findImage(folder.path, DISC), image);
});

Deno.test("a medium whose start can no longer be read is known by its volume", () => {
  using folder = new TestFolder();
  const image = keep(folder, "a", { ...DISC, volume: VOLUME });
  assertEquals(findImage(folder.path, { ...DISC, fingerprint: null, volume: VOLUME }), image);
  assertEquals(findImage(folder.path, { ...DISC, fingerprint: null }), undefined, "no proof");
});

Deno.test("an image in use, without its file, or with a damaged sidecar is passed over", () => {
  using folder = new TestFolder();
  const inUse = keep(folder, "a", DISC);
  Deno.removeSync(keep(folder, "b", DISC));
  keep(folder, "c", DISC);
  Deno.writeTextFileSync(folder.file("c.img.json"), "{");
  const image = keep(folder, "d", DISC);
  const fd = openFile(inUse, O_RDWR);
  try {
    assertEquals(tryLock(fd), true);
    assertEquals(findImage(folder.path, DISC), image);
  } finally {
    closeFd(fd);
  }
  assertEquals(findImage(folder.path, DISC), inUse);
});

Deno.test("a folder that is not there holds no image", () => {
  assertEquals(findImage("/no/such/folder", DISC), undefined);
});
