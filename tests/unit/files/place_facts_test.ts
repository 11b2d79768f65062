import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type BlockDeviceInfo,
  describeBlockDevice,
  listedBlocks,
} from "../../../src/device/block_listing.ts";
import { SysfsBlock } from "../../../src/host/sysfs.ts";
import { UserError } from "../../../src/base/errors.ts";
import { checkMapPlace, checkPlace } from "../../../src/files/place.ts";
import { gatherPlaceFacts } from "../../../src/files/place_facts.ts";
import { ENOENT } from "../../../src/sys/errno.ts";
import { mount, unmount } from "../../../src/sys/mount.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { writePartitionTable } from "../../harness/partition_image.ts";
import { inFolder, makeFile, makeHole } from "../../harness/temporary_folder.ts";

const ignore = !isRoot() || !hasTools("losetup", "mkfs.ext4", "partx", "sfdisk");

/** What `detect` lists under the kernel's name. */
function listed(name: string): BlockDeviceInfo | undefined {
  const block = listedBlocks().find((block) => block.name === name);
  return block && describeBlockDevice(block);
}

Deno.test("an image beside its source file is apart from it", async () => {
  await inFolder((folder) => {
    const devicePath = makeFile(folder, "a.iso", 5000);
    const facts = gatherPlaceFacts({ devicePath, imagePath: `${folder}/a.img`, size: 5000 });
    assertEquals([facts.occupant, facts.relation, facts.folderExists], ["nothing", "apart", true]);
    assertEquals([facts.neededBytes, facts.imageBytes], [5000, 5000]);
    assert(facts.freeBytes > 0);
    const resumed = gatherPlaceFacts({
      devicePath,
      imagePath: `${folder}/a.img`,
      size: 5000,
      cachedBytes: 4000,
    });
    assertEquals(resumed.neededBytes, 1000);
  });
});

Deno.test("what is already at the image's path is told apart, links followed", async () => {
  await inFolder((folder) => {
    const devicePath = makeFile(folder, "a.iso", 10);
    makeFile(folder, "old.img", 10);
    Deno.linkSync(devicePath, `${folder}/hard`);
    Deno.symlinkSync(devicePath, `${folder}/soft`);
    const cases: [string, string][] = [
      [devicePath, "source"],
      [`${folder}/hard`, "source"],
      [`${folder}/soft`, "source"],
      [`${folder}/old.img`, "file"],
      [folder, "other"],
      ["/dev/null", "other"],
      [`${folder}/new.img`, "nothing"],
    ];
    for (const [imagePath, occupant] of cases) {
      assertEquals(
        gatherPlaceFacts({ devicePath, imagePath, size: 10 }).occupant,
        occupant,
        imagePath,
      );
    }
  });
});

Deno.test("a folder that is not there is found out, and so is a file in its place", async () => {
  await inFolder((folder) => {
    const devicePath = makeFile(folder, "a.iso", 10);
    for (const imagePath of [`${folder}/no/such/a.img`, `${devicePath}/a.img`]) {
      assertEquals(
        gatherPlaceFacts({ devicePath, imagePath, size: 10 }).folderExists,
        false,
        imagePath,
      );
    }
  });
});

Deno.test("a source that is not there is an error of the system", async () => {
  await inFolder((folder) => {
    const image = makeFile(folder, "a.img", 10);
    const question = { devicePath: `${folder}/no`, imagePath: image, size: 10 };
    assertEquals(assertThrows(() => checkPlace(question), SystemError).errno, ENOENT);
  });
});

Deno.test("a mapfile is a regular file or not there yet, and not the source, links followed", async () => {
  await inFolder((folder) => {
    const source = makeFile(folder, "a.iso", 10);
    makeFile(folder, "old.map", 10);
    Deno.linkSync(source, `${folder}/hard`);
    Deno.symlinkSync(source, `${folder}/soft`);
    for (const map of [`${folder}/old.map`, `${folder}/new.map`]) checkMapPlace(map, source);
    const cases: [string, string][] = [
      [source, "is the source itself"],
      [`${folder}/hard`, "is the source itself"],
      [`${folder}/soft`, "is the source itself"],
      [folder, "is not a regular file"],
      ["/dev/null", "is not a regular file"],
    ];
    for (const [map, fault] of cases) assertMapRefused(map, source, fault);
  });
});

Deno.test({
  name: "the file that a loop device reads from, whatever its name, is the source too",
  ignore: !isRoot() || !hasTools("losetup"),
  fn: async () => {
    await inFolder((folder) => {
      const file = makeHole(folder, "disk.img", 1 << 20);
      const copy = makeHole(folder, "copy.img", 1 << 20);
      Deno.linkSync(file, `${folder}/hard`);
      Deno.symlinkSync(file, `${folder}/soft`);
      using loop = LoopDevice.attach(file);
      for (const path of [file, `${folder}/hard`, `${folder}/soft`]) {
        const question = { devicePath: loop.path, imagePath: path, size: 1 << 20 };
        assertEquals(gatherPlaceFacts(question).occupant, "source", path);
        assertMapRefused(path, loop.path, "is the source itself");
      }
      assertMapRefused(loop.path, loop.path, "is the source itself");
      const question = { devicePath: loop.path, imagePath: copy, size: 1 << 20 };
      assertEquals(gatherPlaceFacts(question).occupant, "file");
      checkMapPlace(copy, loop.path);
    });
  },
});

Deno.test({
  name: "an image on the device, one of its partitions, or a loop device over it is found out",
  ignore,
  fn: async () => {
    await inFolder(async (folder) => {
      const file = makeHole(folder, "disk.img", 24 << 20);
      await writePartitionTable(file, "label: dos\n,16MiB\n,\n");
      using disk = LoopDevice.attach(file, { partitions: true });
      const [first, second] = [`${disk.path}p1`, `${disk.path}p2`];
      await run("mkfs.ext4", "-q", first);
      using mounted = mountAt(first, `${folder}/mnt`);
      makeHole(mounted.path, "inner.img", 1 << 20);
      using inner = LoopDevice.attach(`${mounted.path}/inner.img`);
      await run("mkfs.ext4", "-q", inner.path);
      using innerMount = mountAt(inner.path, `${folder}/inner`);

      const relation = (devicePath: string, imagePath: string) =>
        gatherPlaceFacts({ devicePath, imagePath, size: 1 }).relation;
      assertEquals(relation(disk.path, `${mounted.path}/a.img`), "on the source");
      assertEquals(relation(first, `${mounted.path}/a.img`), "on the source");
      assertEquals(relation(second, `${mounted.path}/a.img`), "on the same disk");
      assertEquals(relation(disk.path, `${innerMount.path}/a.img`), "on the source");
      assertEquals(relation(inner.path, `${mounted.path}/a.img`), "on the same disk");
      assertEquals(relation(file, `${mounted.path}/a.img`), "on the source", "the file itself");
      assertEquals(relation(inner.path, `${innerMount.path}/a.img`), "on the source");

      const image = (path: string) =>
        gatherPlaceFacts({ devicePath: disk.path, imagePath: path, size: 1 }).occupant;
      Deno.symlinkSync(disk.path, `${folder}/by-id`);
      assertEquals([image(disk.path), image(`${folder}/by-id`)], ["source", "source"]);
      assertEquals(image(first), "device");
      assertEquals(image(file), "source");
      const partImage = { devicePath: first, imagePath: file, size: 1 };
      assertEquals(gatherPlaceFacts(partImage).occupant, "source", "of a partition too");
      const innerImage = { devicePath: inner.path, imagePath: file, size: 1 };
      assertEquals(gatherPlaceFacts(innerImage).occupant, "source", "and further down");
      assertMapRefused(`${mounted.path}/a.map`, disk.path, "would lie on the source");
      checkMapPlace(`${mounted.path}/a.map`, second);

      const info = listed(disk.name)!;
      assertEquals(info.partitions, [`${disk.name}p1`, `${disk.name}p2`]);
      assertEquals(info.mountPoints, [mounted.path, innerMount.path]);
      const part = describeBlockDevice(new SysfsBlock(Deno.statSync(second).rdev!));
      assertEquals([part.mountPoints, part.class], [[], "Device"]);
    });
  },
});

Deno.test({
  name: "memory, read-only mounts and overlays are found out",
  ignore: !isRoot(),
  fn: async () => {
    await inFolder((folder) => {
      const devicePath = makeFile(folder, "a.iso", 10);
      const facts = (imagePath: string) => gatherPlaceFacts({ devicePath, imagePath, size: 10 });
      using memory = mountAt("tmpfs", `${folder}/memory`, "tmpfs", "size=1m");
      assertEquals(facts(`${memory.path}/a.img`).inMemory, "yes");
      assert(facts(`${memory.path}/a.img`).freeBytes <= 1 << 20);
      Deno.symlinkSync(`${memory.path}/linked`, `${folder}/link`);
      Deno.writeTextFileSync(`${memory.path}/linked`, "");
      assertEquals(facts(`${folder}/link`).inMemory, "yes", "an image behind a link");

      for (const name of ["upper", "work", "lower"]) {
        Deno.mkdirSync(`${folder}/${name}`);
        Deno.mkdirSync(`${memory.path}/${name}`);
      }
      const options = (base: string) =>
        `lowerdir=${folder}/lower,upperdir=${base}/upper,workdir=${base}/work`;
      using live = mountAt("overlay", `${folder}/live`, "overlay", options(memory.path));
      assertEquals([facts(`${live.path}/a`).type, facts(`${live.path}/a`).inMemory], [
        "overlay",
        "yes",
      ]);
      using kept = mountAt("overlay", `${folder}/kept`, "overlay", options(folder));
      const below = facts(`${folder}/x`).inMemory;
      assertEquals(facts(`${kept.path}/a`).inMemory, below, "as what its upper folder is on");
      using fixed = mountAt("tmpfs", `${folder}/fixed`, "tmpfs", "ro");
      assertEquals(facts(`${fixed.path}/a.img`).readOnly, true);
    });
  },
});

Deno.test({
  name: "a loop device is listed while it is attached, with its facts",
  ignore,
  fn: async () => {
    await inFolder((folder) => {
      const file = makeHole(folder, "disk.img", 1 << 20);
      const loop = LoopDevice.attach(file, { sectorSize: 4096, readOnly: true });
      const find = () => listed(loop.name);
      try {
        const info = find()!;
        assertEquals([info.path, info.class, info.size], [loop.path, "Device", 1 << 20]);
        assertEquals([info.sectorSize, info.readOnly, info.removable], [4096, true, false]);
        assertEquals([info.medium, info.transport, info.backingFile], [null, "loop", file]);
        assertEquals([info.model, info.serial, info.label], [null, null, null]);
      } finally {
        loop.detach();
      }
      assertEquals(find(), undefined);
    });
  },
});

function assertMapRefused(map: string, source: string, fault: string): void {
  const { hints } = assertThrows(() => checkMapPlace(map, source), UserError, fault);
  assert(hints.length > 0, map);
}

/** Mounts until it is disposed of. */
function mountAt(source: string, path: string, type = "ext4", options = ""): Disposable & {
  path: string;
} {
  Deno.mkdirSync(path);
  mount(source, path, type, 0, options);
  return { path, [Symbol.dispose]: () => unmount(path, 0) };
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  assert(success, `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
