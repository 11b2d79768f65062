// The shell commands of README and BENCHMARKS, run as they stand: only the names of devices and folders are this machine's.

import { assert, assertEquals } from "@std/assert";
import { LoopDevice } from "../harness/loop_device.ts";
import { programCommand } from "../harness/program.ts";
import { type Block, shellBlocks, typed } from "../harness/readme_blocks.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { LocalSsh } from "../harness/local_ssh.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool, tryTool } from "../harness/tool.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const BLOCKS = ["README.md", ".github/BENCHMARKS.md"].flatMap((name) =>
  shellBlocks(Deno.readTextFileSync(ROOT + name))
);
const MIB = 1 << 20;
const ignore = !isRoot() ||
  !hasTools("bash", "mkfs.ext4", "debugfs", "sfdisk", "partx", "genisoimage", "nbdcopy", "nbdfuse");

/** A machine like the one that README is written for. Declare it with `using`. */
class Sandbox implements Disposable {
  readonly #folder = new TestFolder();
  readonly #loops: LoopDevice[] = [];
  readonly #names: [string, string][];
  /** What is on /dev/sdb. */
  readonly disk: string;
  readonly path = this.#folder.path;

  private constructor() {
    this.disk = this.#folder.noise("sdb", 24 * MIB);
    this.#names = [];
  }

  /** @param partitioned else there is a file system on the whole disk. */
  static async make(partitioned: boolean): Promise<Sandbox> {
    const sandbox = new Sandbox();
    try {
      await sandbox.#fill(partitioned);
      return sandbox;
    } catch (error) {
      sandbox[Symbol.dispose]();
      throw error;
    }
  }

  async #fill(partitioned: boolean): Promise<void> {
    const folder = this.#folder;
    for (const name of ["bin", "home", "mnt", "usb", "work"]) Deno.mkdirSync(folder.file(name));
    folder.noise("home/letter", 100_000);
    await this.#makeFileSystem(partitioned);
    await tool("genisoimage", ["-quiet", "-o", folder.file("sr0"), folder.file("home")]);
    const starter = `#!/bin/sh\nexec ${
      programCommand().map((word) => `'${word}'`).join(" ")
    } "$@"\n`;
    for (const program of ["bin/blkcache", "usb/blkcache", "work/blkcache"]) {
      Deno.writeTextFileSync(folder.file(program), starter, { mode: 0o755 });
    }
    const sdb = this.#attach(this.disk);
    const spare = this.#attach(await this.#emptyFileSystem());
    this.#names.push(
      ["/run/blkcache/sdb.sock", `/run/blkcache/${sdb.name}.sock`],
      ["/dev/disk/by-id/usb-DISK", sdb.path],
      ["/dev/sdb", sdb.path],
      ["/dev/sdc1", spare.path],
      ["/dev/sr0", this.#attach(folder.file("sr0"), true).path],
      ["/media/usb", folder.file("usb")],
      ["/usr/local/bin", folder.file("bin")],
      ["/tmp/disk.sock", folder.file("disk.sock")],
      ["/mnt", folder.file("mnt")],
      ["npx -y deno@2.9.6", `'${Deno.execPath()}'`],
    );
  }

  async #makeFileSystem(partitioned: boolean): Promise<void> {
    const options = ["-q", "-F", "-d", this.#folder.file("home")];
    if (!partitioned) {
      await tool("mkfs.ext4", [...options, this.disk, "20M"]);
      return;
    }
    await tool("sfdisk", ["-q", this.disk], { stdin: "label: gpt\n1MiB 20MiB\n" });
    await tool("mkfs.ext4", [...options, "-E", `offset=${MIB}`, this.disk, "20M"]);
    await tool("debugfs", ["-w", "-R", "mkdir home", `${this.disk}?offset=${MIB}`]);
  }

  async #emptyFileSystem(): Promise<string> {
    const file = this.#folder.file("sdc1");
    Deno.writeFileSync(file, new Uint8Array(0));
    Deno.truncateSync(file, 64 * MIB);
    await tool("mkfs.ext4", ["-q", file]);
    return file;
  }

  #attach(file: string, readOnly = false): LoopDevice {
    const loop = LoopDevice.attach(file, { readOnly });
    this.#loops.push(loop);
    return loop;
  }

  file(name: string): string {
    return this.#folder.file(`work/${name}`);
  }

  /** Lines of README with this machine's names. */
  translate(lines: Block): string[] {
    return lines.map((line) =>
      this.#names.reduce((text, [there, here]) => text.replaceAll(there, here), line)
    );
  }

  /** Types lines of README. */
  async type(lines: Block, path: string[] = []): Promise<void> {
    const script = typed(this.translate(lines));
    const env = { PATH: [...path, this.#folder.file("bin"), Deno.env.get("PATH")].join(":") };
    const cwd = this.#folder.file("work");
    const { code, stdout, stderr } = await tryTool("bash", ["-c", script], { cwd, env });
    assertEquals(code, 0, `${script}\n${stdout}${stderr}`);
  }

  [Symbol.dispose](): void {
    this.#unmountAll();
    for (const loop of this.#loops.reverse()) loop.detach();
    this.#folder[Symbol.dispose]();
  }

  /** What a script that has failed left mounted or attached. */
  #unmountAll(): void {
    const mounted = Deno.readTextFileSync("/proc/mounts").split("\n")
      .map((line) => line.split(" ")[1] ?? "").filter((path) => path.startsWith(`${this.path}/`));
    const run = (...[name, ...args]: string[]) => new Deno.Command(name!, { args }).outputSync();
    for (const path of mounted.reverse()) run("umount", "--lazy", path);
    for (const name of ["disk", "sdb"]) {
      const { stdout } = run("losetup", "--noheadings", "--output=NAME", "-j", this.file(name));
      for (const loop of new TextDecoder().decode(stdout).split("\n")) {
        if (loop !== "") run("losetup", "--detach", loop.trim());
      }
    }
  }
}

/** How a block is run. */
type Play = (sandbox: Sandbox, lines: Block) => Promise<void>;

/**
 * A recipe for `--on-stall`, with programs that write down how they are called instead of switching anything.
 * @returns the calls, a line each.
 */
async function recipe(sandbox: Sandbox, lines: Block, ...settings: string[]): Promise<string[]> {
  const programs = sandbox.file("programs");
  const calls = sandbox.file("calls");
  Deno.mkdirSync(programs);
  for (const name of ["uhubctl", "usbrelay", "usbreset", "sleep"]) {
    const script = `#!/bin/sh\necho "\${0##*/} $*" >>'${calls}'\n`;
    Deno.writeTextFileSync(`${programs}/${name}`, script, { mode: 0o755 });
  }
  await sandbox.type([`export ${settings.join(" ")}`, ...lines], [programs]);
  return Deno.readTextFileSync(calls).trimEnd().split("\n");
}

/** By a word that only this block of README has. */
const PLAYS: Readonly<Record<string, { play: Play; partitioned?: boolean }>> = {
  "./blkcache detect": {
    async play(sandbox, [detect, serve, copy, fill, mount]) {
      await sandbox.type([detect!, serve!, copy!]);
      await sandbox.type([fill!]);
      await sandbox.type([mount!]);
      assertSameFile(sandbox.file("copy.img"), sandbox.disk);
      assertSameFile(sandbox.file("disk.img"), sandbox.disk);
    },
  },
  "task serve": {
    async play(sandbox, [serve]) {
      // What the task does with its arguments is deno's business; that it is there, and means this, is ours.
      assertEquals(serve, "npx -y deno@2.9.6 task serve DEVICE");
      const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
      const [deno, ...words] = tasks.serve.command.split(" ");
      assertEquals(deno, "deno");
      Deno.writeTextFileSync(
        sandbox.file("blkcache"),
        `#!/bin/sh\nshift; cd '${ROOT}' && exec '${Deno.execPath()}' ${words.join(" ")} "$@"\n`,
      );
      await sandbox.type([`./blkcache serve /dev/sdb ${sandbox.file("image")}`]);
    },
  },
  "task test": { play: (_, lines) => inContinuousIntegration(lines) },
  "task bench-failing": { play: () => Promise.resolve(isTask("bench-failing")) },
  "task bench-fair": { play: () => Promise.resolve(isTask("bench-fair")) },
  "task soak": { play: () => Promise.resolve(isTask("soak")) },
  "task bench-file": { play: (_, lines) => measures(lines) },
  "bench/drives.ts": {
    async play(_, [line]) {
      const [, ...words] = line!.split(" ");
      const args = [...words.slice(0, words.indexOf("--ddrescue")), "--help"];
      const usage = await tool(Deno.execPath(), args, { cwd: ROOT });
      assert(usage.includes("--ddrescue"), usage);
    },
  },
  "install -m 755": {
    async play(sandbox, lines) {
      Deno.removeSync(`${sandbox.path}/bin/blkcache`);
      await sandbox.type([...lines, "blkcache --version"]);
    },
  },
  "mount /dev/sdc1": { play: (sandbox, lines) => sandbox.type([...lines, "cd ..; umount /mnt"]) },
  "disc.iso.map": {
    async play(sandbox, lines) {
      await sandbox.type(lines);
      const iso = `${sandbox.path}/sr0`;
      assertSameFile(sandbox.file("disc.iso"), iso);
    },
  },
  "cp -a files/home": {
    partitioned: true,
    async play(sandbox, lines) {
      await sandbox.type(lines);
      assert(Deno.statSync(sandbox.file("home")).isDirectory);
    },
  },
  "sha256sum": {
    async play(sandbox, lines) {
      await sandbox.type([...lines.slice(0, -1), "sha256sum --check evidence.sha256"]);
      await sandbox.type([lines.at(-1)!, "cmp evidence evidence.img"]);
      assertSameFile(sandbox.file("evidence.img"), sandbox.disk);
    },
  },
  "ddrescue -d /dev/sdb": {
    async play(sandbox, lines) {
      await sandbox.type(lines);
      assertSameFile(sandbox.file("rescue.img"), sandbox.disk);
    },
  },
  "ssh -N -L": {
    async play(sandbox, lines) {
      await using ssh = await LocalSsh.start(sandbox.path);
      await sandbox.type(["./blkcache serve /dev/sdb far.img", ...lines], [ssh.path]);
      assertSameFile(sandbox.file("copy.img"), sandbox.disk);
    },
  },
  "--max-hours 9": {
    async play(sandbox, lines) {
      await sandbox.type(lines);
      assertSameFile(sandbox.file("disk.img"), sandbox.disk);
    },
  },
  'uhubctl -l "$': {
    async play(sandbox, lines) {
      const calls = await recipe(sandbox, lines, "BUS_PATH=1-1.2");
      assertEquals(calls, ["uhubctl -l 1-1 -p 2 -a cycle -d 10"]);
    },
  },
  "usbrelay RELAY_1": {
    async play(sandbox, lines) {
      const calls = await recipe(sandbox, lines, "BUS_PATH=1-1.2");
      assertEquals(calls, ["usbrelay RELAY_1=1", "sleep 10", "usbrelay RELAY_1=0"]);
    },
  },
  "device/delete": {
    async play(sandbox, lines) {
      const sys = sandbox.file("sys");
      for (const folder of ["block/sdx/device", "class/scsi_host/host3"]) {
        Deno.mkdirSync(`${sys}/${folder}`, { recursive: true });
      }
      const here = lines.map((line) => line.replace('"/sys/', `"${sys}/`));
      await recipe(sandbox, here, "DEVICE=/dev/sdx", "BUS_PATH=host3");
      assertEquals(Deno.readTextFileSync(`${sys}/block/sdx/device/delete`), "1\n");
      assertEquals(Deno.readTextFileSync(`${sys}/class/scsi_host/host3/scan`), "- - -\n");
    },
  },
  'usbreset "$SERIAL"': {
    async play(sandbox, lines) {
      const calls = await recipe(sandbox, lines, "STALL_COUNT=3", "SERIAL=S1");
      assertEquals(calls, ["uhubctl -l 1-1 -p 2 -a cycle -d 10"]);
    },
  },
  "nbdinfo --map": {
    play: (sandbox, lines) => sandbox.type(["./blkcache serve /dev/sdb disk.img", ...lines]),
  },
  "serve --overlay repair": {
    async play(sandbox, lines) {
      const before = Deno.readFileSync(sandbox.disk);
      await sandbox.type([...lines.slice(0, -1), "touch /mnt/new", "umount /mnt"]);
      const fill = "./blkcache serve --fill --exit-when-complete /dev/sdb disk.img";
      await sandbox.type([fill, "cp disk.img repaired.img", lines.at(-1)!]);
      assertEquals(Deno.readFileSync(sandbox.disk), before);
      await sandbox.type(["fsck.ext4 -fn repaired.img", "debugfs -R 'stat /new' repaired.img"]);
    },
  },
};

/** The benchmark of failing hardware is run by tests/interop/bench_test.ts. */
function isTask(name: string): void {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  assert(name in tasks, name);
}

/** Those that measure speed are run when speed is measured: each understands its options. */
async function measures(lines: Block): Promise<void> {
  for (const line of lines) {
    const [name] = line.split(" ").slice(-1);
    isTask(name!);
    const file = name === "bench" ? "main" : "file";
    const args = ["run", "-A", "--no-check", `${ROOT}tests/bench/${file}.ts`, "--help"];
    assert((await tool(Deno.execPath(), args)).includes("--rounds"));
  }
}

/** A test cannot run all tests; `.ci/run` does. */
async function inContinuousIntegration(lines: Block): Promise<void> {
  const script = await Deno.readTextFile(`${ROOT}.ci/run`);
  for (const line of lines) assert(script.includes(line.slice(line.indexOf(" task ") + 1)), line);
}

Deno.test("every block of README's commands is run", () => {
  for (const block of BLOCKS) {
    const plays = Object.keys(PLAYS).filter((word) => block.join("\n").includes(word));
    assertEquals(plays.length, 1, block.join("\n"));
  }
  assertEquals(BLOCKS.length, Object.keys(PLAYS).length);
});

for (const [word, { play, partitioned = false }] of Object.entries(PLAYS)) {
  Deno.test({
    name: `README: ${word}`,
    ignore: ignore || (word.startsWith("ssh") && !hasTools("sshd")),
    async fn() {
      using sandbox = await Sandbox.make(partitioned);
      await play(sandbox, BLOCKS.find((block) => block.join("\n").includes(word))!);
    },
  });
}
