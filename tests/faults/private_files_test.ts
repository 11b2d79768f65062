// Who may read what a run leaves behind: as many as may read its source, and whoever the user has let in since.

import { assert, assertEquals } from "@std/assert";
import { Program } from "../harness/program.ts";
import { LoopDevice } from "../harness/loop_device.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const SIZE = 1024 * 1024;
const MADE = ["image", "image.map", "image.json", "overlay", "overlay.map", "record"];

async function run(folder: TestFolder, source: string, umask: string): Promise<void> {
  await using program = Program.start([
    ...["serve", source, "image", "--fill", "--exit-when-complete", "--overlay=overlay"],
    ...["--record-domain=record", `--socket=${folder.file("socket")}`, "--save-interval=0.1"],
  ], { dir: folder.path, by: ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"] });
  const { code, stderr } = await program.ended();
  assertEquals(code, 0, stderr);
}

function modes(folder: TestFolder, names: readonly string[]): string[] {
  return names.map((name) =>
    `${name} ${(Deno.statSync(folder.file(name)).mode! & 0o777).toString(8)}`
  );
}

Deno.test("files are as private as the file that they are made of, whatever the umask", async () => {
  for (const [umask, mode] of [["0", 0o640], ["022", 0o644], ["0", 0o600]] as const) {
    using folder = new TestFolder();
    const source = folder.noise("source", SIZE);
    Deno.chmodSync(source, mode);
    await run(folder, source, umask);
    assertEquals(modes(folder, MADE), MADE.map((name) => `${name} ${mode.toString(8)}`));
  }
});

Deno.test({
  name: "files of a device that not everybody may read are their owner's alone",
  ignore: !isRoot() || !hasTools("losetup"),
  async fn() {
    using folder = new TestFolder();
    using loop = LoopDevice.attach(folder.noise("source", SIZE));
    // A name of its own: the modes of /dev are everybody's.
    const numbers = Deno.readTextFileSync(`/sys/block/${loop.name}/dev`).trim().split(":");
    await tool("mknod", [folder.file("device"), "b", ...numbers]);
    Deno.chmodSync(folder.file("device"), 0o660);
    await run(folder, folder.file("device"), "0");
    assertEquals(modes(folder, MADE), MADE.map((name) => `${name} 600`));
  },
});

Deno.test("a mode that the user has set survives the saves of the next run", async () => {
  using folder = new TestFolder();
  const source = folder.noise("source", SIZE);
  Deno.chmodSync(source, 0o644);
  await run(folder, source, "022");
  const own = ["image", "image.map", "image.json"];
  own.forEach((name, index) => Deno.chmodSync(folder.file(name), [0o600, 0o640, 0o604][index]!));
  const before = Deno.statSync(folder.file("image.map")).ino;
  await run(folder, source, "0");
  assert(Deno.statSync(folder.file("image.map")).ino !== before, "it has been replaced");
  assertEquals(modes(folder, own), ["image 600", "image.map 640", "image.json 604"]);
});
