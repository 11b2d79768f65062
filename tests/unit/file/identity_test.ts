import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Device } from "../../../src/file/device.ts";
import { File } from "../../../src/file/file.ts";
import {
  identify,
  type Identity,
  identityId,
  readerOf,
  stretchOf,
} from "../../../src/file/identity.ts";
import { sourceName } from "../../../src/file/source_name.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { inFolder, makeFile, pattern } from "./temporary_folder.ts";

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
      size: 200_000,
      sectorSize: 512,
      fingerprint: file.fingerprint(),
      model: null,
      serial: null,
      volume: null,
      stretches: [],
    });
    assertEquals(identityId(identity), file.fingerprint());
  });
});

Deno.test("small and empty files have an identity too", async () => {
  await inFolder((folder) => {
    for (const size of [0, 1, 513, 65_536]) {
      using file = File.open(makeFile(folder, "a.img", size));
      assertEquals(identify(file).fingerprint, file.fingerprint(), String(size));
    }
  });
});

Deno.test("an unreadable head costs few reads and leaves an identity without a fingerprint", async () => {
  await inFolder((folder) => {
    using file = File.open(makeFile(folder, "a.img", 200_000));
    let reads = 0;
    const identity = identify(file, { read: () => (reads++, undefined), sectorSize: 2048 });
    assertEquals([identity.fingerprint, identity.volume], [null, null]);
    assertEquals(identity.sectorSize, 2048);
    assert(reads <= 3, `${reads} reads`);
    assert(/^[0-9a-f]{8}$/.test(identityId(identity)), identityId(identity));
    assertNotEquals(identityId(identity), identityId({ ...identity, size: 100_000 }));
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
  const base: Identity = {
    size: 1,
    sectorSize: 512,
    fingerprint: null,
    model: "A",
    serial: "1",
    volume: null,
    stretches: [],
  };
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

Deno.test("a stretch of equal bytes proves nothing and is not made", () => {
  assertEquals(stretchOf(new Uint8Array(4096), 0), undefined);
  assertEquals(stretchOf(new Uint8Array(4096).fill(0xff), 0), undefined);
  assertEquals(stretchOf(Uint8Array.of(1), 0), undefined);
  assertEquals(stretchOf(new Uint8Array(0), 0), undefined);
  assertEquals(stretchOf(new TextEncoder().encode("abc"), 4096), {
    offset: 4096,
    length: 3,
    sha1: "a9993e364706816aba3e25717850c26c9cd0d89d", // FIPS 180, example A.1
  });
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
