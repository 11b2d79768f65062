// Where a file beside the image is expected, or one that an option names, there is something else: the start ends
// soon, with one sentence that shows nothing of it, and with little memory; nothing is written through a link.

import { assert, assertEquals } from "@std/assert";
import { Program } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { noise, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const SIZE = 1024 * 1024;
const NOBODY = 65534;
/** More than a start takes, and less than any of the files would. */
const MOST_KIB = 250 * 1024;

const IMAGE = noise(SIZE, 1);
const SECRET = "root:SECRET:1:0:99999:7:::\n";

type Put = (path: string) => void | Promise<unknown>;

/** What is put in the way. All of it is refused wherever a file of ours is expected. */
const KINDS: Readonly<Record<string, Put>> = {
  "a pipe": (path) => tool("mkfifo", [path]),
  "an endless device": (path) => tool("mknod", [path, "c", "1", "5"]),
  "a link to an endless device": (path) => Deno.symlinkSync("/dev/zero", path),
  "a directory": (path) => Deno.mkdirSync(path),
  "a socket": bindSocket,
  "a hole of 40 GB": (path) => {
    Deno.writeTextFileSync(path, "");
    Deno.truncateSync(path, 40 * 2 ** 30);
  },
  "a link to a secret": (path) => Deno.symlinkSync("secret", path),
  "somebody else's link": async (path) => {
    Deno.symlinkSync("secret", path);
    await tool("chown", ["-h", `${NOBODY}`, path]);
  },
  "a link to nothing": (path) => Deno.symlinkSync("nowhere", path),
};

/** A name in the folder, how it comes to be used, and the kinds that are no trouble there. */
interface Place {
  readonly name: string;
  readonly args?: readonly string[];
  readonly fine?: readonly string[];
  /** What must be away for it to be looked at. */
  readonly without?: string;
}

const LINKS = ["a link to a secret", "a link to nothing", "a link to an endless device"];
// Leftovers of a killed run of ours are removed, whatever they are, unless they are directories.
const OURS = Object.keys(KINDS).filter((kind) =>
  kind !== "a directory" && kind !== "somebody else's link"
);

const PLACES: readonly Place[] = [
  { name: "image", without: "image.map" },
  { name: "image.map" },
  { name: "image.map.bak", without: "image.map" },
  { name: "image.json" },
  { name: "image.writing" },
  { name: "image.map.tmp", fine: OURS },
  { name: "image.json.tmp", fine: OURS },
  { name: "map", args: ["--map=map"], without: "image" },
  { name: "domain", args: ["--domain=domain"] },
  { name: "record", args: ["--record-domain=record"] },
  { name: "overlay", args: ["--overlay=overlay"] },
  { name: "overlay.map", args: ["--overlay=overlay"] },
];

function workplace(): TestFolder {
  const folder = new TestFolder();
  for (const name of ["source", "image"]) Deno.writeFileSync(folder.file(name), IMAGE);
  Deno.writeTextFileSync(folder.file("image.map"), `0 + 1\n0 ${SIZE} +\n`);
  Deno.writeTextFileSync(folder.file("secret"), SECRET, { mode: 0o600 });
  return folder;
}

for (const { name, args = [], fine = [], without } of PLACES) {
  Deno.test({
    name: `${name}: what is no file of ours is one sentence`,
    ignore: !isRoot() || !hasTools("mknod", "mkfifo", "time"),
    async fn() {
      for (const [kind, put] of Object.entries(KINDS)) {
        using folder = workplace();
        const path = folder.file(name);
        for (const each of [path, folder.file(without ?? name)]) removeIfThere(each);
        await put(path);
        const before = Deno.lstatSync(path);
        const { code, stderr, kib } = await fill(folder, args);
        const what = `${kind}: ${code} ${stderr}`;
        const errors = stderr.split("\n").filter((line) => line.includes("error:"));
        if (!fine.includes(kind)) {
          assert(code > 0 && code < 100, what);
          assertEquals(errors.length, 1, what);
          assertEquals(Deno.lstatSync(path).ino, before.ino, what);
        } else assertEquals(code, 0, what);
        assert(errors.every((line) => line.includes(folder.path) || line.includes(name)), what);
        assert(!/SECRET|assertion|unexpected/.test(stderr), what);
        assert(kib < MOST_KIB, `${what} ${kib} KiB`);
        assertEquals(Deno.readTextFileSync(folder.file("secret")), SECRET, what);
        assertEquals(Deno.readFileSync(folder.file("source")), IMAGE, what);
        assert(!folder.listing().some((line) => line.startsWith("nowhere")), what);
      }
    },
  });
}

for (
  const [name, kinds] of [["picture.svg", Object.keys(KINDS)], ["picture.png", LINKS]] as const
) {
  Deno.test({
    name: `${name}: a picture replaces nothing but pictures`,
    ignore: !isRoot() || !hasTools("mknod", "mkfifo"),
    async fn() {
      for (const kind of kinds) {
        using folder = workplace();
        await KINDS[kind]!(folder.file(name));
        const option = `--${name.slice(-3)}=${name}`;
        await using program = Program.start(["map", "image.map", option, "--log-level=debug"], {
          dir: folder.path,
        });
        const { code, stderr } = await program.ended();
        assertEquals(code, 1, `${kind}: ${stderr}`);
        assert(!stderr.includes("SECRET"), stderr);
        assertEquals(Deno.readTextFileSync(folder.file("secret")), SECRET);
      }
    },
  });
}

Deno.test("a socket of somebody else's is not removed, and nothing is put over what is no socket", {
  ignore: !isRoot(),
}, async () => {
  using folder = workplace();
  const socket = folder.file("socket");
  await bindSocket(socket);
  Deno.chownSync(socket, NOBODY, NOBODY);
  const { code, stderr } = await fill(folder, []);
  assertEquals(code, 1, stderr);
  assert(stderr.includes("belongs to another user"), stderr);
  assert(Deno.lstatSync(socket).isSocket);
  Deno.chownSync(socket, 0, 0);
  assertEquals((await fill(folder, [])).code, 0, "a stale one of our own goes");
});

async function fill(folder: TestFolder, args: readonly string[]) {
  const memory = folder.file("memory");
  await using program = Program.start([
    ...["serve", "source", "image", "--fill", "--exit-when-complete", "--force"],
    ...[`--socket=${folder.file("socket")}`, "--log-level=debug", ...args],
  ], { dir: folder.path, by: ["time", "-f", "%M", "-o", memory] });
  const { code, stderr } = await program.ended();
  const kib = Number(Deno.readTextFileSync(memory).trim().split("\n").at(-1));
  return { code, stderr, kib };
}

/** Leaves the file of a socket that nobody listens on. */
function bindSocket(path: string): Promise<unknown> {
  const script = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])";
  return tool("python3", ["-c", script, path]);
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
