import { assertEquals } from "@std/assert";
import { formatSidecar } from "../../../src/opening/sidecar.ts";
import { imagesOf, unreadIdentity } from "../../../src/cli/device_images.ts";
import type { BlockDeviceInfo } from "../../../src/device/block_listing.ts";
import { blankIdentity, type Identity } from "../../../src/identity/identity.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const SIZE = 2 ** 20;
const DISC: Identity = {
  ...blankIdentity(SIZE, 2048),
  fingerprint: "01234567",
  volume: {
    kind: "iso9660",
    label: "HOLIDAY",
    created: null,
    modified: null,
    id: null,
    size: null,
  },
};
const DISK: Identity = { ...DISC, fingerprint: null, model: "M", serial: "S1", volume: null };

function folderOf(identities: Readonly<Record<string, Identity>>): TestFolder {
  const folder = new TestFolder();
  for (const [name, identity] of Object.entries(identities)) {
    const text = formatSidecar(identity, { device: "/dev/x", program: "test" });
    Deno.writeTextFileSync(folder.file(`${name}.img.json`), text);
  }
  Deno.writeTextFileSync(folder.file("damaged.img.json"), "{");
  return folder;
}

function namesOf(folder: TestFolder, identity: Identity, label: string | null = null): string[] {
  return imagesOf(identity, label, folder.path).map(({ path, certain }) =>
    `${certain ? "" : "perhaps "}${path.slice(folder.path.length + 1)}`
  );
}

Deno.test("an equal head is a hint; of a medium that is all head it is the proof", () => {
  using folder = folderOf({
    a: { ...DISC, fingerprint: null },
    b: DISC,
    c: { ...DISC, size: 2 * SIZE },
    d: { ...DISC, fingerprint: "76543210", volume: { ...DISC.volume!, label: "WORK" } },
    small: { ...DISC, size: 4096 },
  });
  assertEquals(namesOf(folder, DISC), ["perhaps a.img", "perhaps b.img"]);
  assertEquals(namesOf(folder, { ...DISC, size: 4096 })[0], "small.img");
});

Deno.test("what has not been read is found by its serial number, or perhaps by size and label", () => {
  using folder = folderOf({ disc: DISC, disk: DISK, other: { ...DISK, serial: "S2" } });
  assertEquals(namesOf(folder, DISK), ["disk.img"]);
  const unread = { ...DISC, fingerprint: null, volume: null };
  assertEquals(namesOf(folder, unread, "HOLIDAY"), ["perhaps disc.img"]);
  assertEquals(namesOf(folder, unread, "WORK"), []);
  assertEquals(namesOf(folder, unread), []);
  assertEquals(namesOf(folder, { ...unread, size: 0 }, "HOLIDAY"), []);
});

Deno.test("drives and USB enclosures do not speak for what is in them", () => {
  const device = { size: SIZE, sectorSize: 512, model: "M", serial: "S1" } as BlockDeviceInfo;
  const serialOf = (fields: Partial<BlockDeviceInfo>) =>
    unreadIdentity({ ...device, ...fields }).serial;
  assertEquals(serialOf({ class: "Device", transport: "ata" }), "S1");
  assertEquals(serialOf({ class: "Device", transport: "usb" }), null);
  assertEquals(serialOf({ class: "Removable", transport: "ata" }), null);
  const enclosure = unreadIdentity({ ...device, class: "Device", transport: "usb" });
  assertEquals(enclosure.usbSerial, "S1");
});
