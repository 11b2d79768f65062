// `mount` and `serve --mount` as a user runs them: the file is there, is the device, and goes again.

import { assert, assertEquals } from "@std/assert";
import { Program, runProgram } from "../harness/program.ts";
import { isRoot } from "../harness/requires.ts";
import { isMounted } from "../harness/shown_file.ts";
import { noise, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const DEVICE = noise(300_000, 1);

function workplace(): TestFolder {
  const folder = new TestFolder();
  Deno.writeFileSync(`${folder.path}/dev.bin`, DEVICE);
  return folder;
}

Deno.test({
  name: "mount shows the device as a file, and unmounting ends it",
  ignore: !isRoot(),
  fn: async () => {
    using folder = workplace();
    const dir = folder.path;
    const socket = `${dir}/s`;
    await using program = Program.start(["mount", "dev.bin", "shown", "--socket", socket], { dir });
    await program.ready();
    await tool("cmp", ["dev.bin", "shown"], { cwd: dir });
    await tool("umount", ["shown"], { cwd: dir });
    const { code, stderr } = await program.ended();
    assertEquals(code, 0, stderr);
    const files = Array.from(Deno.readDirSync(dir), ({ name }) => name);
    assert(files.some((name) => /^dev-[0-9a-f]{8}\.img$/.test(name)), files.join(" "));
    assert(!files.includes("shown"), "the file that was made is still there");
  },
});

Deno.test({
  name: "without a command, a device and a file are mount's",
  ignore: !isRoot(),
  fn: async () => {
    using folder = workplace();
    const dir = folder.path;
    await using program = Program.start(["dev.bin", "shown", "--socket", `${dir}/s`], { dir });
    await program.ready();
    await tool("cmp", ["dev.bin", "shown"], { cwd: dir });
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  },
});

Deno.test({
  name: "serve --mount takes the file away at the end",
  ignore: !isRoot(),
  fn: async () => {
    using folder = workplace();
    const dir = folder.path;
    Deno.writeTextFileSync(`${dir}/shown`, "");
    const args = ["serve", "dev.bin", "dev.img", "--socket", `${dir}/s`, "--mount", "shown"];
    await using program = Program.start(args, { dir });
    await program.ready();
    assert(isMounted(`${dir}/shown`));
    await tool("cmp", ["dev.bin", "shown"], { cwd: dir });
    program.signal("SIGTERM");
    const { code, stderr } = await program.ended();
    assertEquals(code, 0, stderr);
    assert(!isMounted(`${dir}/shown`));
    assertEquals(Deno.readTextFileSync(`${dir}/shown`), "");
  },
});

Deno.test({
  name: "a file that holds data is never mounted over",
  ignore: !isRoot(),
  fn: async () => {
    using folder = workplace();
    const dir = folder.path;
    Deno.writeTextFileSync(`${dir}/shown`, "precious");
    const { code, stderr } = await runProgram(
      ["mount", "dev.bin", "shown", "--socket", `${dir}/s`],
      {
        dir,
      },
    );
    assertEquals(code, 1);
    assert(stderr.includes("shown"), stderr);
    assertEquals(Deno.readTextFileSync(`${dir}/shown`), "precious");
    assertEquals(Array.from(Deno.readDirSync(dir), ({ name }) => name).sort(), [
      "dev.bin",
      "shown",
    ]);
  },
});
