// How the shown file comes and goes: what it is mounted on, who unmounts it, and what is left.

import { assert, assertEquals } from "@std/assert";
import { BlockReader } from "../harness/block_reader.ts";
import { FailingDevice } from "../harness/failing_device.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { isMounted, ShownFile } from "../harness/shown_file.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool, tryTool, until } from "../harness/tool.ts";

const ignore = !isRoot();
const MIB = 1024 * 1024;

Deno.test({
  name: "the mount table calls it blkcache, read-only, without devices and set-user-ID",
  ignore: ignore || !hasTools("findmnt"),
  async fn() {
    using folder = new TestFolder();
    await using shown = await ShownFile.start({ device: folder.noise("device", MIB) });
    const columns = ["-n", "-o", "FSTYPE,SOURCE,OPTIONS", shown.path];
    const [type, source, options] = (await tool("findmnt", columns)).trim().split(/\s+/);
    assertEquals([type, source], ["fuse.blkcache", "blkcache"]);
    for (const option of ["ro", "nosuid", "nodev", "allow_other", "default_permissions"]) {
      assert(options!.split(",").includes(option), options);
    }
  },
});

Deno.test({
  name: "a file that was not there is removed at the end, an empty one that was there stays",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    for (const exists of [false, true]) {
      const file = folder.file("shown");
      if (exists) Deno.writeFileSync(file, new Uint8Array());
      await using shown = await ShownFile.start({ device, file });
      assertSameFile(file, device);
      await shown.end("SIGTERM");
      const left = exists ? ["device 1048576", "shown 0"] : ["device 1048576"];
      assertEquals([isMounted(file), folder.listing()], [false, left]);
    }
  },
});

Deno.test({
  name: "what is no empty regular file is refused and left as it is",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    folder.noise("data", 1000);
    Deno.writeFileSync(folder.file("empty"), new Uint8Array());
    Deno.mkdirSync(folder.file("folder"));
    Deno.symlinkSync(folder.file("empty"), folder.file("link"));
    await tool("mkfifo", [folder.file("pipe")]);
    const before = folder.listing();
    for (
      const [name, message] of [
        ["data", "holds data"],
        ["folder", "is not a regular file"],
        ["link", "is not a regular file"],
        ["pipe", "is not a regular file"],
        ["nowhere/shown", "No such file or directory"],
        ["data/shown", "Not a directory"],
      ]
    ) {
      const file = folder.file(name!);
      await using shown = await ShownFile.start({ device, file });
      assert(shown.refusal?.message.includes(message!), JSON.stringify(shown.refusal));
      assertEquals(shown.refusal?.hints.length, 1);
    }
    assertEquals(folder.listing(), before);
  },
});

Deno.test({
  name: "without the right to mount it says what to do instead, and leaves nothing behind",
  ignore: ignore || !hasTools("setpriv"),
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    const by = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"];
    await using shown = await ShownFile.start({ device, file: folder.file("shown"), by });
    const { message, hints } = shown.refusal!;
    assert(message.endsWith("Operation not permitted (EPERM)"), message);
    assertEquals(hints[0], "run it as root");
    assert(hints[1]!.includes("nbdfuse"));
    assertEquals(folder.listing(), ["device 1048576"]);
  },
});

Deno.test({
  name: "a file that is unmounted by somebody else ends the program in order",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    for (const flags of [[], ["-l"], ["-f"]]) {
      await using shown = await ShownFile.start({ device, file: folder.file("shown") });
      assertSameFile(shown.path, device);
      await tool("umount", [...flags, shown.path]);
      assert(await shown.end() !== undefined);
      assertEquals(shown.messages("info"), [`"${shown.path}" has been unmounted`]);
      assertEquals([shown.messages("warning"), folder.listing()], [[], ["device 1048576"]]);
    }
  },
});

Deno.test({
  name: "a file in use that is unmounted by force ends the program as well",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    await using shown = await ShownFile.start({ device, file: folder.file("shown") });
    {
      using _user = Deno.openSync(shown.path);
      await tryTool("umount", ["-f", shown.path]);
      assert(await shown.end() !== undefined);
    }
    const [message] = shown.messages("warning");
    assertEquals(message, `"${shown.path}" can no longer be read`);
    assertEquals([shown.isMounted(), folder.listing()], [false, ["device 1048576"]]);
  },
});

Deno.test({
  name: "a file in use cannot be unmounted by accident; at the end it is taken away, which is said",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    await using shown = await ShownFile.start({ device, file: folder.file("shown") });
    using user = Deno.openSync(shown.path);
    const { stderr } = await tryTool("umount", [shown.path]);
    assert(stderr.includes("busy"), stderr);
    assertSameFile(shown.path, device);
    assert(await shown.end("SIGTERM") !== undefined);
    const [warning, ...others] = shown.messages("warning");
    assertEquals([/still in use/.test(warning!), others], [true, []]);
    assertEquals([shown.isMounted(), folder.listing()], [false, ["device 1048576"]]);
    try {
      user.readSync(new Uint8Array(10));
      throw new Error("a file that has been taken away can be read");
    } catch (error) {
      // Transport endpoint is not connected, or the connection was aborted.
      assertEquals(
        error instanceof Deno.errors.NotConnected || /103|107/.test(String(error)),
        true,
      );
    }
  },
});

Deno.test({
  name: "readers that wait for a hanging device get an error when the program ends",
  ignore: ignore || !hasTools("nbdkit", "nbdfuse", "losetup"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", MIB);
    await using device = await FailingDevice.make(file, { canHang: true });
    await using shown = await ShownFile.start({
      device: device.path,
      direct: true,
      file: folder.file("shown"),
    });
    await using _hang = await device.source.hang();
    const waiting = [[], ["iflag=direct"]].map((flags) =>
      BlockReader.start(shown.path, 0, ...flags)
    );
    await until("they wait", () => waiting.every((reader) => reader.isReading()));
    // The device hangs until the end of the block: the program does not wait for it.
    await shown.end("SIGTERM");
    for (const { code } of waiting) assertEquals(await code, 1);
    assertEquals(shown.messages("warning").map((text) => /still in use/.test(text)), [true]);
    assertEquals(folder.listing(), ["source 1048576"]);
  },
});

Deno.test({
  name: "ddrescue on the file stops when the program ends, and takes no sector for bad",
  ignore: ignore || !hasTools("nbdkit", "nbdfuse", "losetup", "ddrescue"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", 16 * MIB);
    await using device = await FailingDevice.make(file, { delayMs: 20 });
    const options = { device: device.path, direct: true, readAhead: 0, file: folder.file("shown") };
    await using shown = await ShownFile.start(options);
    const [out, map] = [folder.file("out"), folder.file("out.map")];
    const rescue = tryTool("ddrescue", ["-q", "-d", "-b512", shown.path, out, map]);
    await until("it has read something", () => device.source.reads().length > 20);
    await shown.end("SIGTERM");
    // It does not say with -q that its input file has disappeared.
    assertEquals((await rescue).code, 1);
    const text = Deno.readTextFileSync(map);
    const failed = [...text.matchAll(/ 0x(\w+) +([*\/-])$/gm)];
    assertEquals(failed.filter(([, , status]) => status !== "*"), []);
    // The read that was under way.
    assertEquals(failed.map(([, length]) => parseInt(length!, 16)), [65536]);
  },
});

Deno.test({
  name: "what a killed blkcache has left mounted is replaced, a living one's file is refused",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    const file = folder.file("shown");
    await using killed = await ShownFile.start({ device, file });
    {
      await using other = await ShownFile.start({ device, file });
      assert(other.refusal?.message.includes("another blkcache shows a device"));
    }
    assertSameFile(file, device);
    await killed.end("SIGKILL");
    assert(isMounted(file));
    await using shown = await ShownFile.start({ device, file });
    assertEquals(shown.refusal, undefined);
    assertEquals(shown.messages("info").length, 1);
    assertSameFile(file, device);
    await shown.end("SIGTERM");
    assertEquals(isMounted(file), false);
  },
});
