// `--offline`: an image and its mapfile alone, by all ways in.

import { assert, assertEquals } from "@std/assert";
import { readThrough } from "../harness/nbd_client.ts";
import { Program, runProgram } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { SmallFileSystem } from "../harness/small_file_system.ts";
import { noise, TestFolder } from "../harness/test_folder.ts";
import { tool, tryTool } from "../harness/tool.ts";

const SIZE = 1 << 20;
const EIO = 5;
const ignore = !hasTools("python3", "nbdinfo");
/** Of a rescue in the middle of everything, as ddrescue writes it down. */
const AREAS: readonly [start: number, size: number, status: string][] = [
  [0, 0x10000, "+"],
  [0x10000, 0x200, "-"],
  [0x10200, 0x20000, "+"],
  [0x30200, 0x1000, "/"],
  [0x31200, 0xe00, "+"],
  [0x32000, 0x10000, "*"],
  [0x42000, 0x80000, "+"],
  [0xc2000, 0x3e000, "?"],
];
const MISSING = AREAS.filter(([, , status]) => status !== "+");

/** An image with all that its map calls finished, and other bytes elsewhere. */
function makeRescue(folder: TestFolder): { image: string; source: string } {
  const source = folder.noise("source", SIZE);
  const bytes = Deno.readFileSync(source);
  for (const [start, size] of MISSING) bytes.fill(0x55, start, start + size);
  Deno.mkdirSync(folder.file("rescue"));
  writeRescue(folder.file("rescue"), bytes);
  return { image: folder.file("rescue/image"), source };
}

function writeRescue(folder: string, bytes: Uint8Array): void {
  Deno.writeFileSync(`${folder}/image`, bytes);
  const hex = (number: number) => `0x${number.toString(16)}`;
  const lines = AREAS.map(([start, size, status]) => `${hex(start)} ${hex(size)} ${status}\n`);
  Deno.writeTextFileSync(`${folder}/image.map`, `# Mapfile. By hand\n0x42000 *\n${lines.join("")}`);
}

/** Names, contents and times of all files. */
function traces(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => {
    const { mtime, size } = Deno.statSync(`${folder}/${name}`);
    const sum = Deno.readFileSync(`${folder}/${name}`).reduce((sum, byte) => (sum * 31 + byte) | 0);
    return `${name} ${size} ${mtime?.getTime()} ${sum}`;
  }).sort();
}

async function serve(
  folder: TestFolder,
  image: string,
  ...args: string[]
): Promise<[Program, string]> {
  const socket = folder.file("socket");
  const words = ["serve", "--offline", image, "--socket", socket, ...args];
  const program = Program.start(words, { dir: folder.path });
  return [program, await program.ready()];
}

Deno.test({
  name: "offline EIO is where the map has no data and nowhere else, and nothing is changed",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const { image, source } = makeRescue(folder);
    const before = traces(folder.file("rescue"));
    const [program, uri] = await serve(folder, image);
    await using _program = program;
    const [read] = await readThrough(uri, { reads: [[0, SIZE]], source });
    assertEquals(read!.errors.map(([offset]) => offset), MISSING.map(([start]) => start));
    assertEquals(read!.good, SIZE - MISSING.reduce((sum, [, size]) => sum + size, 0));
    assertEquals([read!.wrong, read!.errno], [0, EIO]);

    // Of simple replies each fails whole, and what lies beside the missing is there.
    const beside = MISSING.map(([start]): [number, number] => [start - 512, 512]);
    const inside = MISSING.map(([start]): [number, number] => [start - 512, 513]);
    const task = { structured: false, source, inflight: 8 };
    const good = await readThrough(uri, { ...task, reads: beside });
    assertEquals(good.filter(({ errno, wrong }) => errno || wrong), []);
    const bad = await readThrough(uri, { ...task, reads: inside });
    assertEquals(bad.map(({ errno }) => errno), MISSING.map(() => EIO));

    const states = JSON.parse(await tool("nbdinfo", ["--json", "--map=x-blkcache:state", uri]));
    assertEquals(
      states.map(({ offset, length }: { offset: number; length: number }) => [offset, length]),
      AREAS.map(([start, size]) => [start, size]),
    );
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    assertEquals(traces(folder.file("rescue")), before);
  },
});

Deno.test({
  name: "offline a read-only file system will do, and the image is shown as a file",
  ignore: ignore || !isRoot(),
  async fn() {
    using folder = new TestFolder();
    const { image, source } = makeRescue(folder);
    await using disk = await SmallFileSystem.tmpfs(folder.file("disk"), 4 * SIZE);
    writeRescue(disk.path, Deno.readFileSync(image));
    await disk.remount("ro");
    const words = ["mount", `${disk.path}/image`, folder.file("shown"), "--offline"];
    await using program = Program.start([...words, "--socket", folder.file("s")], {
      dir: folder.path,
    });
    await program.ready();
    const shown = Deno.openSync(folder.file("shown"));
    const bytes = new Uint8Array(0x10000);
    shown.readSync(bytes);
    shown.close();
    assertEquals(bytes, Deno.readFileSync(source).subarray(0, 0x10000));
    const options = ["iflag=direct", "bs=512", "count=1", `if=${folder.file("shown")}`];
    for (const [start, , status] of AREAS) {
      const dd = await tryTool("dd", [...options, "of=/dev/null", `skip=${start / 512}`]);
      assertEquals(dd.code === 0, status === "+", `${start}: ${dd.stderr}`);
    }
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  },
});

Deno.test({
  name: "offline an image of ddrescue's is as large as its mapfile says, by whatever name",
  ignore: !hasTools("ddrescue", "nbdinfo"),
  async fn() {
    using folder = new TestFolder();
    folder.noise("source", SIZE);
    const [image, map] = [folder.file("image"), folder.file("log")];
    await tool("ddrescue", ["-q", "-s", "128Ki", folder.file("source"), image, map]);
    assertEquals(Deno.statSync(image).size, SIZE / 8);
    const [program, uri] = await serve(folder, image, "--map", map);
    await using _program = program;
    assertEquals((await tool("nbdinfo", ["--size", uri])).trim(), String(SIZE));
    const reads: [number, number][] = [[0, SIZE / 8], [SIZE / 8 - 1, 2]];
    const [all, beyond] = await readThrough(uri, { reads, source: folder.file("source") });
    assertEquals([all!.errno, all!.wrong], [0, 0]);
    assertEquals(beyond!.errors, [[SIZE / 8, EIO]]);
  },
});

Deno.test({
  name: "an image of blkcache's own is served offline, also when its sidecar is damaged",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const source = folder.noise("source", SIZE);
    const image = folder.file("image");
    const fill = ["serve", "--fill", "--exit-when-complete", source, image];
    const filled = await runProgram([...fill, "--socket", folder.file("s")]);
    assertEquals(filled.code, 0, filled.stderr);
    Deno.removeSync(source);
    Deno.writeTextFileSync(`${image}.json`, "{ damaged");
    Deno.writeFileSync(source, noise(SIZE, 1));
    const [program, uri] = await serve(folder, image, "--listen", "0");
    await using _program = program;
    const [read] = await readThrough(uri, { reads: [[0, SIZE]], source });
    assertEquals([read!.errno, read!.wrong, read!.good], [0, 0, SIZE]);
    assert(/is damaged.*\n.*going on without it/.test(program.stderr), program.stderr);
  },
});

Deno.test({
  name: "what is written offline goes into an overlay, also over what is missing",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const { image } = makeRescue(folder);
    const before = traces(folder.file("rescue"));
    const overlay = ["--overlay", folder.file("over")];
    const [missing] = MISSING[0]!;
    for (const run of [1, 2]) {
      const [program, uri] = await serve(folder, image, ...overlay);
      await using _program = program;
      const script = [
        "import nbd, sys",
        "h = nbd.NBD()",
        "h.connect_uri(sys.argv[1])",
        ...run === 1 ? [`h.pwrite(b"x" * 512, ${missing})`, `h.pwrite(b"y" * 100, 50)`] : [],
        `assert h.pread(512, ${missing}) == b"x" * 512`,
        `assert h.pread(100, 50) == b"y" * 100`,
        "h.shutdown()",
      ];
      await tool("/usr/bin/python3", ["-c", script.join("\n"), uri]);
      program.signal("SIGTERM");
      assertEquals((await program.ended()).code, 0);
    }
    assertEquals(traces(folder.file("rescue")), before);
  },
});

Deno.test("offline image and map must be there and belong together", async () => {
  using folder = new TestFolder();
  const { image } = makeRescue(folder);
  const refused = async (...args: string[]) => {
    const words = ["serve", "--offline", ...args, "--socket", folder.file("s")];
    const { code, stderr } = await runProgram(words);
    assertEquals(code, 1);
    return stderr.split("\n")[0];
  };
  const { path } = folder;
  assertEquals(
    await refused(image, "--map", `${path}/none`),
    `blkcache: error: there is no mapfile "${path}/none" that says what the image has`,
  );
  assertEquals(
    await refused(`${path}/none`),
    `blkcache: error: cannot open "${path}/none": No such file or directory (ENOENT)`,
  );
  Deno.truncateSync(image, 0x42000);
  assertEquals(
    await refused(image),
    `blkcache: error: image "${image}" has 270336 bytes, 524288 fewer than mapfile ` +
      `"${image}.map" speaks of`,
  );
});
