import { assert, assertEquals } from "@std/assert";
import { type Mount, mountOf, mounts, parseMounts } from "../../../src/host/mounts.ts";
import { makeDevice } from "../../../src/sys/statx.ts";
import { inFolder } from "../../harness/temporary_folder.ts";

const PLAIN: Mount = {
  id: 36,
  deviceNumber: makeDevice(98, 0),
  mountPoint: "/mnt2",
  type: "ext3",
  source: "/dev/root",
  readOnly: false,
  options: ["rw", "errors=continue"],
};

const LINES: [string, string, Partial<Mount> | undefined][] = [
  ["plain", "36 35 98:0 /mnt1 /mnt2 rw,noatime - ext3 /dev/root rw,errors=continue", {}],
  [
    "with optional fields",
    "36 35 98:0 /mnt1 /mnt2 rw shared:1 master:2 - ext3 /dev/root rw,errors=continue",
    {},
  ],
  [
    "mounted read-only",
    "36 35 98:0 / /mnt2 ro - ext3 /dev/root rw,errors=continue",
    { readOnly: true },
  ],
  ["read-only itself", "36 35 98:0 / /mnt2 rw - ext3 /dev/root ro", {
    readOnly: true,
    options: ["ro"],
  }],
  [
    "names with blanks and backslashes",
    "36 35 0:40 / /a\\040b\\134c rw - fuse.sshfs me@host:/x\\040y rw,upperdir=/u\\040v",
    {
      deviceNumber: 40,
      mountPoint: "/a b\\c",
      type: "fuse.sshfs",
      source: "me@host:/x y",
      options: ["rw", "upperdir=/u v"],
    },
  ],
  ["a dash as a mount point", "36 35 98:0 / - rw - ext3 /dev/root rw,errors=continue", {
    mountPoint: "-",
  }],
  ["empty", "", undefined],
  ["cut off", "36 35 98:0 /mnt1 /mnt2 rw - ext3", undefined],
  ["without numbers", "36 35 x /mnt1 /mnt2 rw - ext3 /dev/root rw", undefined],
];

for (const [name, line, change] of LINES) {
  Deno.test(`a line of the mount table: ${name}`, () => {
    assertEquals(parseMounts(`${line}\n`), change ? [{ ...PLAIN, ...change }] : []);
  });
}

Deno.test("the mount of a path is found for what is there, and for what is not there yet", async () => {
  await inFolder((folder) => {
    assertEquals(mountOf("/proc/self/stat")?.type, "proc");
    assertEquals(mountOf("/")?.mountPoint, "/");
    const here = mountOf(folder)!;
    assertEquals(mountOf(`${folder}/no/such/file`)?.id, here.id);
    Deno.symlinkSync("/proc", `${folder}/link`);
    assertEquals(mountOf(`${folder}/link/self`)?.type, "proc");
    assertEquals(mountOf("no-such-file-here")?.id, mountOf(Deno.cwd())?.id);
  });
});

Deno.test("the mounts of this machine can be read", () => {
  assert(mounts().some(({ mountPoint, type }) => mountPoint === "/proc" && type === "proc"));
});
