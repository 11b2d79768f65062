import { assert, assertEquals, assertThrows } from "@std/assert";
import { Device, firstAnswer, isSectorSize } from "../../../src/device/device.ts";
import { EIO } from "../../../src/sys/errno.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { inFolder, makeFile, pattern } from "../../harness/temporary_folder.ts";

const ignore = !isRoot() || !hasTools("losetup");

Deno.test("check takes block devices only", () => {
  for (const path of ["/", "/dev/null", "/proc/self/mountinfo", "/no/such"]) {
    assertEquals(Device.check(path), false, path);
  }
});

for (const sectorSize of [512, 4096]) {
  for (const direct of [false, true]) {
    Deno.test({
      name:
        `a device with ${sectorSize}-byte sectors tells its facts and reads (direct: ${direct})`,
      ignore,
      fn: async () => {
        await inFolder((folder) => {
          const size = 256 * 1024;
          using loop = LoopDevice.attach(makeFile(folder, "a.img", size), { sectorSize });
          assertEquals(Device.check(loop.path), true);
          using device = Device.open(loop.path, { direct });
          assertEquals(device.size, size);
          assertEquals(device.sectorSize, sectorSize);
          assertEquals(device.physicalSectorSize >= sectorSize, true);
          assertEquals(device.direct, direct);
          assertEquals(device.readOnly, false);
          assertEquals(device.sysfs.name, loop.name);
          assertEquals(device.sysfs.backingFile, `${folder}/a.img`);
          assert(device.diskSeq !== undefined && device.diskSeq > 0);
          for (const [offset, length] of [[0, 512], [511, 2], [4095, 9000], [size - 3, 3]]) {
            const bytes = new Uint8Array(length!);
            assertEquals(device.pread(bytes, offset!), length);
            assertEquals(bytes, pattern(offset!, length!));
          }
          assertEquals(device.pread(new Uint8Array(10), size), 0);
        });
      },
    });
  }
}

Deno.test({
  name: "a device is opened read-only: a write is refused by the kernel",
  ignore,
  fn: async () => {
    await inFolder((folder) => {
      const file = makeFile(folder, "a.img", 65_536);
      using loop = LoopDevice.attach(file);
      using device = Device.open(loop.path);
      assertThrows(() => device.pwrite(new Uint8Array(512), 0), SystemError);
      assertEquals(Deno.readFileSync(file), pattern(0, 65_536));
    });
  },
});

Deno.test({
  name: "a write-protected device says so",
  ignore,
  fn: async () => {
    await inFolder((folder) => {
      using loop = LoopDevice.attach(makeFile(folder, "a.img", 65_536), { readOnly: true });
      using device = Device.open(loop.path);
      assertEquals(device.readOnly, true);
    });
  },
});

Deno.test({
  name: "each medium has its own disk sequence number, and a device that is empty has size 0",
  ignore,
  fn: async () => {
    await inFolder((folder) => {
      const file = makeFile(folder, "a.img", 65_536);
      let path: string;
      let first: number | undefined;
      {
        using loop = LoopDevice.attach(file);
        using device = Device.open(loop.path);
        path = loop.path;
        first = device.diskSeq;
      }
      using empty = Device.open(path);
      assertEquals(empty.size, 0);
      using loop = LoopDevice.attach(file);
      using device = Device.open(loop.path);
      assert(device.diskSeq! > first!, `${device.diskSeq} after ${first}`);
    });
  },
});

Deno.test("the first answer that will do is taken, refusals are passed over", () => {
  const refuses = () => {
    throw new SystemError(EIO, "ioctl(TEST)");
  };
  const cases: [(() => number | undefined)[], number | undefined][] = [
    [[() => 5, () => 6], 5],
    [[() => 0, () => 6], 6],
    [[() => undefined, () => 6], 6],
    [[refuses, () => 6], 6],
    [[refuses, () => 0, () => undefined], undefined],
    [[], undefined],
  ];
  for (const [sources, expected] of cases) {
    assertEquals(firstAnswer((size) => size > 0, ...sources), expected);
  }
});

Deno.test("our own errors are not taken for a refusal", () => {
  assertThrows(
    () =>
      firstAnswer(() => true, () => {
        throw new TypeError("bug");
      }),
    TypeError,
  );
});

Deno.test("sector sizes are powers of two between 512 bytes and 64 KiB", () => {
  for (const size of [512, 1024, 2048, 4096, 65_536]) assertEquals(isSectorSize(size), true);
  for (const size of [-512, 0, 1, 256, 520, 1000, 131_072, NaN, 4096.5]) {
    assertEquals(isSectorSize(size), false, String(size));
  }
});
