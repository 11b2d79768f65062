// The shown file as tools see it: its bytes, its looks, and what can be put on top of it.

import { assert, assertEquals } from "@std/assert";
import { basename } from "@std/path";
import { LoopDevice } from "../harness/loop_device.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { ShownFile } from "../harness/shown_file.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool, tryTool } from "../harness/tool.ts";

const ignore = !isRoot();
const MIB = 1024 * 1024;

Deno.test({
  name: "the file has the device's bytes and exact size, and the time of the start",
  ignore,
  async fn() {
    using folder = new TestFolder();
    // Neither whole pages nor whole sectors.
    const device = folder.noise("device", 5 * MIB + 1234);
    const before = Date.now();
    await using shown = await ShownFile.start({ device });
    const { size, isFile, mode, ino, mtime, uid } = Deno.statSync(shown.path);
    assertEquals([size, isFile, mode! & 0o7777, ino, uid], [5 * MIB + 1234, true, 0o444, 1, 0]);
    assert(mtime!.getTime() >= before - 1000 && mtime!.getTime() <= Date.now());
    assertSameFile(shown.path, device);
    // Odd places, across and at the end.
    for (const [skip, count] of [[1, 3], [4095, 2], [5 * MIB + 1000, 4096], [6 * MIB, 10]]) {
      const args = [`skip=${skip}`, `count=${count}`, "bs=64K", "iflag=skip_bytes,count_bytes"];
      await tool("dd", [`if=${shown.path}`, `of=${folder.file("part")}`, ...args]);
      await tool("dd", [`if=${device}`, `of=${folder.file("expected")}`, ...args]);
      assertSameFile(folder.file("part"), folder.file("expected"));
    }
    const end = await shown.end("SIGTERM");
    assert(end!.deviceReads > 0 && end!.failedReads === 0);
    assertEquals([shown.isMounted(), shown.messages("warning")], [false, []]);
  },
});

Deno.test({
  name: "a device that not everybody may read becomes a file that not everybody may read",
  ignore: ignore || !hasTools("setpriv"),
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    // What lies above may be private: that is why the file is opened from within.
    Deno.chmodSync(folder.path, 0o755);
    for (
      const [deviceMode, mode, allowed] of [[0o640, 0o440, false], [0o644, 0o444, true]] as const
    ) {
      Deno.chmodSync(device, deviceMode);
      await using shown = await ShownFile.start({ device, file: folder.file(`shown${mode}`) });
      assertEquals(Deno.statSync(shown.path).mode! & 0o7777, mode);
      const { code, stderr } = await tryTool("setpriv", [
        ...["--reuid=65534", "--regid=65534", "--clear-groups", "wc", "-c", basename(shown.path)],
      ], { cwd: folder.path });
      assertEquals([code === 0, /denied/.test(stderr)], [allowed, !allowed], stderr);
    }
  },
});

Deno.test({
  name: "nothing can be written, cut, renamed over or changed",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    await using shown = await ShownFile.start({ device });
    for (
      const [name, ...args] of [
        ["dd", "if=/dev/zero", `of=${shown.path}`, "count=1", "conv=notrunc"],
        ["truncate", "--size=0", shown.path],
        ["chmod", "600", shown.path],
        ["touch", shown.path],
        ["mv", device, shown.path],
        ["rm", "-f", shown.path],
      ]
    ) {
      const { code, stderr } = await tryTool(name!, args);
      assert(code !== 0, `${name} has succeeded`);
      assert(/Read-only file system|busy/.test(stderr), `${name}: ${stderr}`);
    }
    assertSameFile(shown.path, device);
    await tool("sync", ["--file-system", shown.path]);
    await tool("df", [shown.path]);
  },
});

Deno.test({
  name: "a complete device goes through the page cache, an incomplete one and O_DIRECT do not",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", 4 * MIB);
    await using shown = await ShownFile.start({ device });
    const read = async (times: number, ...flags: string[]) => {
      for (let time = 0; time < times; time++) {
        await tool("dd", [`if=${shown.path}`, "of=/dev/null", "bs=64K", ...flags]);
      }
    };
    await read(1);
    await read(16);
    await read(4, "iflag=direct");
    const { requests } = (await shown.end("SIGTERM"))!;
    // Opening and closing takes a handful each; the page cache is filled once, 128 KiB at a time or so.
    const least = 5 * (4 * MIB / 65536);
    assert(requests > least && requests < least + 64 + 21 * 6, `${requests} requests`);
  },
});

Deno.test({
  name: "a loop device on the file has the device's bytes, buffered and direct",
  ignore: ignore || !hasTools("losetup"),
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", 8 * MIB);
    await using shown = await ShownFile.start({ device });
    for (const direct of [false, true]) {
      using loop = LoopDevice.attach(shown.path, { readOnly: true, direct });
      await tool("cmp", [loop.path, device]);
    }
    await shown.end("SIGTERM");
    assertEquals(shown.messages("warning"), []);
  },
});

Deno.test({
  name: "a file system on the file can be mounted, and its files read",
  ignore: ignore || !hasTools("mkfs.ext4", "mount"),
  async fn() {
    using folder = new TestFolder();
    Deno.mkdirSync(folder.file("content"));
    const data = folder.noise("content/data", 3 * MIB + 17);
    const device = folder.noise("device", 0);
    await tool("mkfs.ext4", ["-q", "-d", folder.file("content"), device, "8M"]);
    await using shown = await ShownFile.start({ device, readAhead: 0 });
    const mounted = folder.file("mounted");
    Deno.mkdirSync(mounted);
    await tool("mount", ["-o", "loop,ro,noload", shown.path, mounted]);
    try {
      assertSameFile(`${mounted}/data`, data);
    } finally {
      await tool("umount", [mounted]);
    }
  },
});

Deno.test({
  name: "a file is taken out of an ISO 9660 image that is shown as a file",
  ignore: ignore || !hasTools("genisoimage", "isoinfo"),
  async fn() {
    using folder = new TestFolder();
    Deno.mkdirSync(folder.file("content"));
    Deno.writeTextFileSync(folder.file("content/hello.txt"), "hello\n".repeat(10_000));
    const device = folder.file("disc.iso");
    await tool("genisoimage", ["-quiet", "-R", "-o", device, folder.file("content")]);
    await using shown = await ShownFile.start({ device, sectorSize: 2048 });
    const text = await tool("isoinfo", ["-R", "-x", "/hello.txt", "-i", shown.path]);
    assertEquals(text, "hello\n".repeat(10_000));
  },
});

Deno.test({
  name: "the file can be mapped, privately and shared, before and after it is complete",
  ignore: ignore || !hasTools("python3"),
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", 2 * MIB);
    await using shown = await ShownFile.start({ device });
    const program = [
      "import mmap, sys",
      "device = open(sys.argv[2], 'rb').read()",
      "with open(sys.argv[1], 'rb') as file:",
      "    for flags in (mmap.MAP_PRIVATE, mmap.MAP_SHARED):",
      "        with mmap.mmap(file.fileno(), 0, flags=flags, prot=mmap.PROT_READ) as memory:",
      "            assert memory[1000000:1500000] == device[1000000:1500000]",
      "            if len(sys.argv) > 3: assert memory[:] == device",
    ].join("\n");
    await tool("/usr/bin/python3", ["-c", program, shown.path, device]);
    await tool("cmp", [shown.path, device]);
    await tool("/usr/bin/python3", ["-c", program, shown.path, device, "whole"]);
  },
});
