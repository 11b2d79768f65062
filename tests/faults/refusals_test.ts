// What the program refuses to start with: one sentence and a hint, and nothing created or changed.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { readThrough } from "../harness/nbd_client.ts";
import { LoopDevice } from "../harness/loop_device.ts";
import { runProgram } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { SmallFileSystem } from "../harness/small_file_system.ts";
import { exists, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";
import { runWithoutOverride } from "../harness/without_override.ts";

const KIB = 1024;
const SIZE = 256 * KIB;
const UNREADABLE_BY_ANYBODY = 0o000;

/** One reason to refuse. Relative names are in a folder that holds the regular file `device`. */
interface Refusal {
  name: string;
  /** Makes what is in the way. */
  prepare?: (folder: TestFolder) => void | Promise<void>;
  /** Arguments of serve; default: the device and an image. */
  args?: (folder: TestFolder) => string[];
  says: RegExp;
  code?: number;
}

const REFUSALS: readonly Refusal[] = [
  {
    name: "a device that does not exist",
    args: () => ["nothing", "image"],
    says: /"nothing": No such file or directory \(ENOENT\)/,
  },
  { name: "a directory", args: () => [".", "image"], says: /"\." is a directory/ },
  {
    name: "a character device",
    args: () => ["/dev/zero", "image"],
    says: /"\/dev\/zero" is a character device/,
  },
  {
    name: "an empty file",
    prepare: (folder) => Deno.writeTextFileSync(folder.file("device"), ""),
    says: /"device" is empty/,
  },
  {
    name: "an image that is larger than the device",
    prepare: (folder) => image(folder, SIZE + 512, "0 +\n0 1024 +\n"),
    says: /"image" has 262656 bytes, 512 more than the device/,
  },
  {
    name: "an image of a device that has shown more, though all of it agrees",
    prepare: (folder) => image(folder, 2 * SIZE, `0 +\n0 ${SIZE} +\n`),
    says: /"image" has 524288 bytes, 262144 more than the device, .*: .* agree/,
  },
  {
    name: "an image that is smaller than its map says",
    prepare: (folder) => image(folder, SIZE - 512, `0 +\n0 ${SIZE} +\n`),
    says: /"image" has 261632 bytes, 512 fewer than mapfile "image\.map" speaks of/,
  },
  {
    name: "a map of a larger device",
    prepare: (folder) => image(folder, SIZE, `0 +\n0 ${SIZE * 2} +\n`),
    says: /262144/,
  },
  {
    name: "a map that does not parse",
    prepare: (folder) => image(folder, SIZE, "0 +\n0 1024 !\n"),
    says: /"image\.map", line 2: /,
  },
  {
    name: "a map without its image",
    prepare: (folder) => Deno.writeTextFileSync(folder.file("image.map"), "0 +\n0 1024 +\n"),
    says: /no image "image"/,
  },
  {
    name: "a map that is a directory",
    prepare: (folder) => Deno.mkdirSync(folder.file("image.map")),
    says: /"image\.map" is not a regular file/,
  },
  {
    name: "an image that no mapfile speaks for",
    prepare: (folder) => void folder.noise("image", 4 * KIB),
    says: /"image" holds data, but there is no mapfile "image\.map"/,
  },
  {
    name: "an image of another device",
    prepare: (folder) => image(folder, SIZE, `0 +\n0 ${SIZE} +\n`, 99),
    says: /"image" is of another device/,
  },
  {
    name: "an image that is the device by name",
    args: () => ["device", "./device"],
    says: /both/,
    code: 2,
  },
  {
    name: "an image that is a hard link to the device",
    prepare: (folder) => Deno.linkSync(folder.file("device"), folder.file("image")),
    says: /"image" is the source itself/,
  },
  {
    name: "an image that is a symbolic link to the device",
    prepare: (folder) => Deno.symlinkSync("device", folder.file("image")),
    says: /"image" is the source itself/,
  },
  {
    name: "a map that is a hard link to the device",
    prepare: (folder) => Deno.linkSync(folder.file("device"), folder.file("image.map")),
    says: /"image\.map" is the source itself/,
  },
  ...["old.bak", "old.tmp", "old.bak.tmp"].map((device) => ({
    name: `a device "${device}", which saving the map "old" would replace`,
    prepare: (folder: TestFolder) => void folder.noise(device, SIZE),
    args: () => [device, "image", "--map=old"],
    says: /mapfile "old" would replace the source as "old\./,
  })),
  {
    name: "a device that is the sidecar's temporary file",
    prepare: (folder) => void folder.noise("image.json.tmp", SIZE),
    args: () => ["image.json.tmp", "image"],
    says: /sidecar file "image\.json" would replace the source as "image\.json\.tmp"/,
  },
  {
    name: "a sidecar that is a link to the device",
    prepare: (folder) => Deno.linkSync(folder.file("device"), folder.file("image.json")),
    says: /sidecar file "image\.json" is the source itself/,
  },
  {
    name: "a map that is the device, by a symbolic link",
    prepare: (folder) => Deno.symlinkSync("device", folder.file("link")),
    args: () => ["device", "image", "--map=link"],
    says: /"link" is the source itself/,
  },
  {
    name: "an image in a directory that does not exist",
    args: () => ["device", "no/image"],
    says: /no directory for the image "no\/image"/,
  },
  {
    name: "an image that is a directory",
    prepare: (folder) => Deno.mkdirSync(folder.file("image")),
    says: /"image" is not a regular file/,
  },
  {
    name: "a socket that is a regular file",
    prepare: (folder) => Deno.writeTextFileSync(folder.file("socket"), "precious"),
    says: /\/socket" exists and is not a socket/,
  },
];

for (const { name, prepare, args = () => ["device", "image"], says, code = 1 } of REFUSALS) {
  Deno.test(`refused: ${name}`, async () => {
    using folder = new TestFolder();
    folder.noise("device", SIZE);
    await prepare?.(folder);
    await assertRefused(folder, [...args(folder), "--socket=socket"], says, code);
  });
}

Deno.test({
  name: "refused: a device that we may not read",
  ignore: !isRoot() || !hasTools("setpriv"),
  async fn() {
    using folder = new TestFolder();
    Deno.chmodSync(folder.noise("device", SIZE), UNREADABLE_BY_ANYBODY);
    const before = stateOf(folder.path);
    const args = ["serve", "device", "image", "--socket=socket"];
    const { code, stderr } = await runWithoutOverride(args, folder.path);
    assertOneSentence(stderr, /"device": Permission denied \(EACCES\)/);
    assertEquals(code, 1);
    assertEquals(stateOf(folder.path), before);
  },
});

Deno.test({
  name: "refused: a directory that we may not write to, for the image",
  ignore: !isRoot() || !hasTools("setpriv"),
  async fn() {
    using folder = new TestFolder();
    folder.noise("device", SIZE);
    Deno.mkdirSync(folder.file("closed"), { mode: 0o555 });
    const before = stateOf(folder.path);
    const args = ["serve", "device", "closed/image", "--socket=socket"];
    const { code, stderr } = await runWithoutOverride(args, folder.path);
    assertOneSentence(stderr, /"closed\/image".*\(EACCES\)/);
    assertEquals(code, 1);
    assertEquals(stateOf(folder.path), before);
    assertEquals(stateOf(folder.file("closed")), []);
  },
});

Deno.test({
  name: "refused: an image or a map that is what the loop device reads from",
  ignore: !isRoot() || !hasTools("losetup"),
  async fn() {
    using folder = new TestFolder();
    folder.noise("device", SIZE);
    using loop = LoopDevice.attach(folder.file("device"));
    Deno.writeTextFileSync(folder.file("device.map"), `0 +\n0 ${SIZE} +\n`);
    Deno.linkSync(folder.file("device"), folder.file("link"));
    for (
      const [args, says] of [
        [["device"], /image "device" is the source itself/],
        [["link", "--map=device.map"], /image "link" is the source itself/],
        [["image", "--map=link"], /mapfile "link" is the source itself/],
      ] as const
    ) {
      await assertRefused(folder, [loop.path, ...args, "--socket=socket"], says);
    }
  },
});

Deno.test({
  name: "refused: an image on the device itself",
  ignore: !isRoot() || !hasTools("losetup", "mount", "mkfs.ext4"),
  async fn() {
    using folder = new TestFolder();
    await using small = await SmallFileSystem.ext4(folder.file("small"), 4 * KIB * KIB);
    const device = (await tool("findmnt", ["-no", "SOURCE", small.path])).trim();
    const before = stateOf(small.path);
    const args = [device, `${small.path}/image`, "--socket=socket"];
    await assertRefused(folder, args, /would lie on the source/);
    assertEquals(stateOf(small.path), before);
  },
});

Deno.test({
  name:
    "refused: an image where not even the first mapfile has room, or on a read-only file system",
  ignore: !isRoot() || !hasTools("mount"),
  async fn() {
    using folder = new TestFolder();
    folder.noise("device", SIZE);
    await using small = await SmallFileSystem.tmpfs(folder.file("small"), SIZE);
    Deno.writeFileSync(`${small.path}/ballast`, new Uint8Array(SIZE));
    const before = stateOf(small.path);
    const args = ["device", "small/image", "--socket=socket"];
    const { code, stderr } = await runProgram(["serve", ...args], { dir: folder.path });
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /^blkcache: error: .*No space left on device/m);
    assertEquals(stateOf(small.path), before);
    assert(!exists(folder.file("socket")));

    Deno.removeSync(`${small.path}/ballast`);
    await small.remount("ro");
    await assertRefused(folder, args, /read-only/);
  },
});

Deno.test("refused: a socket that another server listens on, and an image that one uses", async () => {
  using folder = new TestFolder();
  folder.noise("device", SIZE);
  const args = ["--save-interval=60"];
  await using first = await Served.start(folder.file("device"), { dir: folder.path, args });
  await assertRefused(
    folder,
    ["device", "image2", "--socket=socket"],
    /another server is listening on ".*\/socket"/,
  );
  await assertRefused(
    folder,
    ["device", "image", "--socket=socket2"],
    /another program is using the image "image"/,
  );
  const [read] = await readThrough(first.uri, {
    reads: [[0, SIZE]],
    source: folder.file("device"),
  });
  assertEquals([read.errno, read.wrong], [0, 0], "the first server is as it was");
});

/** An image of `size` bytes with its mapfile; the bytes are the device's, or others. */
function image(folder: TestFolder, size: number, map: string, seed = 1): void {
  folder.noise("image", size, seed);
  Deno.writeTextFileSync(folder.file("image.map"), map);
}

async function assertRefused(
  folder: TestFolder,
  args: readonly string[],
  says: RegExp,
  code = 1,
): Promise<void> {
  const before = stateOf(folder.path);
  const ended = await runProgram(["serve", ...args], { dir: folder.path });
  assertOneSentence(ended.stderr, says);
  assertEquals([ended.code, ended.stdout], [code, ""]);
  assertEquals(stateOf(folder.path), before, "something was created or changed");
}

/** One error, then nothing but hints. */
function assertOneSentence(stderr: string, says: RegExp): void {
  const [error = "", ...hints] = stderr.trimEnd().split("\n");
  assertMatch(error, /^blkcache: error: /);
  assertMatch(error, says);
  assert(hints.length > 0, `no hint: ${stderr}`);
  for (const hint of hints) assertMatch(hint, /^blkcache: hint: /);
}

/** Everything about a folder that a program could have changed, but the times of reading. */
function stateOf(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => {
    const { size, mtime, mode, ino, nlink } = Deno.lstatSync(`${folder}/${name}`);
    return `${name}: ${size} bytes, ${mtime?.getTime()}, ${mode?.toString(8)}, ${ino}, ${nlink}`;
  }).sort();
}
