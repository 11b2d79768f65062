import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import {
  freeKernelDevice,
  type KernelDeviceFacts,
  kernelDeviceRefusal,
} from "../../../src/host/kernel_device.ts";

const FREE: KernelDeviceFacts = {
  hasDriver: true,
  kind: "nbd device",
  server: undefined,
  mountPoints: [],
};

const REFUSED: [facts: Partial<KernelDeviceFacts>, message: string, hint: string][] = [
  [
    { kind: undefined, hasDriver: false },
    'there is no "/dev/nbd0": the kernel has not loaded its NBD client',
    "modprobe nbd",
  ],
  [{ kind: undefined }, 'there is no "/dev/nbd0"', "ls /dev/nbd* shows what there is"],
  [
    { kind: "something else" },
    '"/dev/nbd0" is no device of the kernel\'s NBD client',
    "name one such as /dev/nbd0",
  ],
  [
    { kind: "partition" },
    '"/dev/nbd0" is a partition',
    "name the whole device, such as /dev/nbd0",
  ],
  [
    { server: { pid: 77, isAlive: true }, mountPoints: ["/mnt"] },
    '"/dev/nbd0" is attached already, by process 77',
    "nbd-client -d /dev/nbd0 detaches it; or name another one",
  ],
  [
    { server: { pid: 77, isAlive: false }, mountPoints: ["/mnt", "/srv"] },
    '"/dev/nbd0" is still mounted on "/mnt"',
    "umount /mnt",
  ],
  [{ mountPoints: ["/mnt"] }, '"/dev/nbd0" is still mounted on "/mnt"', "umount /mnt"],
  [
    { server: { pid: 77, isAlive: false } },
    '"/dev/nbd0" is still in use, although nobody serves it any more',
    "fuser -v /dev/nbd0 shows who has it open; or name another one",
  ],
];

for (const [facts, message, hint] of REFUSED) {
  Deno.test(`not attached: ${message}`, () => {
    const refusal = kernelDeviceRefusal("/dev/nbd0", { ...FREE, ...facts });
    assertEquals([refusal?.message, refusal?.hints], [message, [hint]]);
  });
}

Deno.test("a free device can be attached", () => {
  assertEquals(kernelDeviceRefusal("/dev/nbd0", FREE), undefined);
});

Deno.test("what is no device of the NBD client is told from one", () => {
  const file = Deno.makeTempFileSync();
  try {
    for (const path of [file, "/dev/null", "/"]) {
      const { message } = assertThrows(() => freeKernelDevice(path), UserError);
      assertEquals(message, `"${path}" is no device of the kernel's NBD client`);
    }
  } finally {
    Deno.removeSync(file);
  }
  const { message } = assertThrows(() => freeKernelDevice("/dev/nbd4711"), UserError);
  assertEquals(message.startsWith('there is no "/dev/nbd4711"'), true);
});
