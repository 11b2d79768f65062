import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Device } from "../../../src/device/device.ts";
import { File } from "../../../src/device/file.ts";
import {
  blankIdentity,
  identify,
  type Identity,
  identityId,
  readerOf,
  sourceName,
} from "../../../src/identity/identity.ts";
import { EIO } from "../../../src/sys/errno.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { FINGERPRINT_BYTES, fingerprintOf } from "../../../src/identity/fingerprint.ts";
import { inFolder, makeFile, pattern } from "../../harness/temporary_folder.ts";

function headOf(file: File): Uint8Array {
  const head = new Uint8Array(Math.min(FINGERPRINT_BYTES, file.size));
  file.pread(head, 0);
  return head;
}

Deno.test("a file is identified by its size and its head, in one read", async () => {
  await inFolder((folder) => {
    using file = File.open(makeFile(folder, "a.img", 200_000));
    const reads: [number, number][] = [];
    const identity = identify(file, {
      read: (offset, length) => {
        reads.push([offset, length]);
        return readerOf(file)(offset, length);
      },
    });
    assertEquals(reads, [[0, 65_536]]);
    assertEquals(identity, {
      ...blankIdentity(200_000, 512),
      fingerprint: fingerprintOf(headOf(file)),
    });
    assertEquals(identityId(identity), identity.fingerprint);
  });
});

Deno.test("small and empty files have an identity too", async () => {
  await inFolder((folder) => {
    for (const size of [0, 1, 513, 65_536]) {
      using file = File.open(makeFile(folder, "a.img", size));
      assertEquals(identify(file).fingerprint, fingerprintOf(headOf(file)), String(size));
    }
  });
});

Deno.test("an unreadable head costs one read and leaves an identity without a fingerprint", async () => {
  await inFolder((folder) => {
    for (const sectorSize of [512, 2048, 4096]) {
      using file = new BadFile(makeFile(folder, "a.img", 200_000), 0, 65_536);
      const identity = identify(file, { sectorSize });
      assertEquals([identity.fingerprint, identity.volume], [null, null]);
      assertEquals(identity.sectorSize, sectorSize);
      assertEquals(file.reads, 1);
      assert(/^[0-9a-f]{8}$/.test(identityId(identity)), identityId(identity));
      assertNotEquals(identityId(identity), identityId({ ...identity, size: 100_000 }));
    }
  });
});

Deno.test("a disc with a bad first sector still tells its name", async () => {
  await inFolder((folder) => {
    const content = pattern(0, 200_000);
    content.set(isoDescriptor("HOLIDAY"), 32_768);
    Deno.writeFileSync(`${folder}/disc`, content);
    using file = new BadFile(`${folder}/disc`, 0, 2048);
    const identity = identify(file, { sectorSize: 2048 });
    assertEquals(identity.volume?.label, "HOLIDAY");
    assertEquals(file.reads, 2);
    assertEquals(identity.fingerprint, null);
  });
});

Deno.test("a head that ends early, as on a device that has gone, is no fingerprint", async () => {
  await inFolder((folder) => {
    using file = File.open(makeFile(folder, "a.img", 200_000));
    for (const length of [0, 65_535]) {
      const identity = identify(file, { read: () => new Uint8Array(length) });
      assertEquals(identity.fingerprint, null);
    }
  });
});

Deno.test("the id without a fingerprint depends on everything else that is known", () => {
  const base: Identity = { ...blankIdentity(1, 512), model: "A", serial: "1" };
  const changes: Partial<Identity>[] = [
    { size: 2 },
    { sectorSize: 2048 },
    { model: "B" },
    { serial: "2" },
    {
      volume: { kind: "mbr", id: "x", label: null, created: null, modified: null, size: null },
    },
  ];
  const ids = changes.map((change) => identityId({ ...base, ...change }));
  assertEquals(new Set([identityId(base), ...ids]).size, changes.length + 1);
  const stretch = { offset: 0, length: 1, sha1: "0".repeat(40) };
  assertEquals(identityId({ ...base, stretches: [stretch] }), identityId(base), "it must not move");
});

Deno.test({
  name: "a device is identified through O_DIRECT as through the page cache",
  ignore: !isRoot() || !hasTools("losetup"),
  fn: async () => {
    await inFolder((folder) => {
      using loop = LoopDevice.attach(makeFile(folder, "a.img", 1 << 20), { sectorSize: 4096 });
      using buffered = Device.open(loop.path);
      using direct = Device.open(loop.path, { direct: true });
      assertEquals(identify(direct), identify(buffered));
      assertEquals(identify(direct).sectorSize, 4096);
      assertEquals(sourceName(loop.path), loop.name);
      Deno.symlinkSync(loop.path, `${folder}/by-id`);
      assertEquals(sourceName(`${folder}/by-id`), loop.name);
    });
  },
});

Deno.test("an image of a file is named after its stem", async () => {
  await inFolder((folder) => {
    const cases: [string, string][] = [
      ["disc.iso", "disc"],
      ["disc", "disc"],
      ["a.b.img", "a.b"],
      [".hidden", ".hidden"],
      ["\x1b.img", "image"],
    ];
    for (const [file, name] of cases) {
      assertEquals(sourceName(makeFile(folder, file, 1)), name, file);
    }
  });
});

Deno.test("reading past a failure is undefined, reading past the end is short", async () => {
  await inFolder((folder) => {
    const file = File.open(makeFile(folder, "a.img", 1000));
    assertEquals(readerOf(file)(900, 200), pattern(900, 100));
    file.close();
    assertEquals(readerOf(file)(0, 100), undefined);
  });
});

/** A file of which a part cannot be read. */
class BadFile extends File {
  reads = 0;
  readonly #start: number;
  readonly #end: number;

  constructor(path: string, start: number, end: number) {
    super(path, {});
    this.#start = start;
    this.#end = end;
  }

  override pread(bytes: Uint8Array, offset: number): number {
    this.reads++;
    if (offset < this.#end && this.#start < offset + bytes.length) {
      throw new SystemError(EIO, "pread", {});
    }
    return super.pread(bytes, offset);
  }
}

/** A primary volume descriptor with a label. */
function isoDescriptor(label: string): Uint8Array {
  const bytes = new Uint8Array(2048);
  bytes[0] = 1;
  bytes.set(new TextEncoder().encode("CD001"), 1);
  bytes.set(new TextEncoder().encode(label.padEnd(32)), 40);
  return bytes;
}
