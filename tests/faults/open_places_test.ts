// What a start of the compiled program looks at: nothing in a directory that others can write to, but what the
// user has named. Anything else there could be somebody else's, and the program may run as root.
//
// Of the sources this cannot be said: `deno run` has a cache, and looks for its configuration.

import { assert, assertEquals } from "@std/assert";
import { dirname, resolve } from "@std/path";
import { readThrough } from "../harness/nbd_client.ts";
import { Program, programCommand } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

const SIZE = 256 * 1024;

/** A command line in a private folder with a file `device`, and what is done with the program until it ends. */
interface Start {
  readonly args: (folder: TestFolder) => string[];
  readonly use?: (program: Program, folder: TestFolder) => Promise<void>;
  readonly needsRoot?: true;
}

const serve = (folder: TestFolder, ...more: string[]) => [
  ...["serve", folder.file("device"), folder.file("image")],
  ...["--socket", folder.file("socket"), ...more],
];

const STARTS: readonly Start[] = [
  { args: () => ["--version"] },
  { args: () => ["help"] },
  { args: () => ["help", "serve"] },
  { args: () => ["help", "--man"] },
  { args: () => ["completions", "bash"] },
  { args: () => ["detect"] },
  { args: (folder) => ["detect", folder.file("device")] },
  { args: (folder) => ["map", folder.file("some.map")] },
  { args: (folder) => serve(folder, "--fill", "--exit-when-complete", "--http=0") },
  { args: (folder) => serve(folder), use: readAndStop },
  {
    args: (folder) => [
      ...["mount", folder.file("device"), folder.file("shown"), folder.file("image")],
      ...["--socket", folder.file("socket"), "--fill", "--exit-when-complete"],
    ],
    needsRoot: true,
  },
];

/** Starts a reader and a session, which are threads with modules of their own. */
async function readAndStop(program: Program, folder: TestFolder): Promise<void> {
  const [read] = await readThrough(await program.ready(), {
    reads: [[0, 4096]],
    source: folder.file("device"),
  });
  assertEquals([read.errno, read.wrong], [0, 0]);
  program.signal("SIGTERM");
}

/** A directory that everybody can write to, with what an attacker would put there. */
function bait(folder: TestFolder): string {
  const path = folder.file("bait");
  Deno.mkdirSync(`${path}/node_modules`, { recursive: true });
  const cache = `deno-compile-${programCommand()[0].split("/").at(-1)}.cache`;
  for (const name of [cache, "deno.json", "package.json", ".npmrc", ".env", "v8.log"]) {
    Deno.writeTextFileSync(`${path}/${name}`, "{}");
  }
  Deno.chmodSync(path, 0o1777);
  return path;
}

/** Everything that could lead the runtime somewhere leads to the bait. */
function misleading(bait: string): Record<string, string> {
  const folders = ["TMPDIR", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"];
  const files = ["NODE_EXTRA_CA_CERTS", "DENO_CERT", "DENO_CONFIG", "NPM_CONFIG_USERCONFIG"];
  return {
    ...Object.fromEntries(folders.map((name) => [name, bait])),
    ...Object.fromEntries(files.map((name) => [name, `${bait}/deno.json`])),
    DENO_V8_FLAGS: "--prof",
    DENO_TLS_CA_STORE: "system",
    DENO_COVERAGE_DIR: bait,
    NODE_V8_COVERAGE: bait,
    NODE_OPTIONS: `--require=${bait}/package.json`,
    NODE_PATH: bait,
  };
}

/** How many of the first strings in a call are paths; the others are contents, or what the call has answered. */
function pathCount(call: string): number {
  return /^(rename|link|symlink|mount|pivot)/.test(call) ? 2 : 1;
}

/** Each path that a system call of the trace names, as an absolute one. */
function* pathsIn(trace: string): Generator<[call: string, path: string]> {
  for (const line of trace.split("\n")) {
    const [, call, rest] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? [];
    if (call === undefined || call === "execve" || call === "getcwd") continue;
    const named = rest.matchAll(
      /(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?(?:sun_path=@?)?"((?:[^"\\]|\\.)*)"/g,
    );
    let left = pathCount(call);
    for (const [, base, path] of named) {
      if (left-- === 0) break;
      if (path !== "") yield [line, resolve(base ?? "/", path)];
    }
  }
}

/** Whether somebody else could have made what is at `path`. */
function isOpenToOthers(path: string): boolean {
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) {
    const info = statIfThere(folder);
    if (info?.isDirectory && (info.mode! & 0o002) !== 0) return true;
  }
  return false;
}

function statIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    // It is not there (any more), and so nobody has put anything into it.
    return undefined;
  }
}

const isWithin = (path: string, folder: string) => `${path}/`.startsWith(`${folder}/`);

/** Calls that touch what others could have put there; `named` is the user's own. */
function trespasses(trace: string, named: string, bait: string): string[] {
  const program = programCommand()[0];
  return Array.from(pathsIn(trace)).filter(([, path]) => {
    if (isWithin(path, bait)) return path !== bait;
    // The way to what is named is looked at as well: realpath(3).
    if (isWithin(path, named) || isWithin(named, path) || path === program) return false;
    return isOpenToOthers(path);
  }).map(([line]) => line);
}

Deno.test("a trace shows who has looked where", () => {
  const trace = [
    '7 openat(AT_FDCWD</bait>, "x.json", O_RDONLY) = -1 ENOENT (No such file or directory)',
    '7 openat(AT_FDCWD</bait>, "/named/image", O_RDWR|O_CREAT, 0666) = 3</named/image>',
    '7 readlink("/named/link", "/tmp/elsewhere", 1023) = 14',
    '7 statx(AT_FDCWD</bait>, "/tmp/deno-compile-x.cache", 0, STATX_ALL, {...}) = 0',
    '7 rename("/named/a", "/dev/shm/a") = 0',
    '7 bind(4<socket:[1]>, {sa_family=AF_UNIX, sun_path="/var/tmp/s"}, 110) = 0',
    '7 newfstatat(5</bait>, "", {st_mode=S_IFDIR|0777}, AT_EMPTY_PATH) = 0',
    '7 openat(AT_FDCWD</bait>, "/etc/localtime", O_RDONLY) = 9</etc/localtime>',
  ].join("\n");
  const found = trespasses(trace, "/named", "/bait");
  assertEquals(found.map((line) => / ?(\w+)\(/.exec(line)![1]), [
    "openat",
    "statx",
    "rename",
    "bind",
  ]);
});

// Registered for the compiled program only; a test that is left out counts as a failure.
if (Deno.env.has("BLKCACHE")) {
  for (const { args, use, needsRoot } of STARTS) {
    using names = new TestFolder();
    const title = args(names).map((word) => word.replace(`${names.path}/`, "")).join(" ");
    Deno.test({
      name: `nothing that others can write to is looked at: ${title}`,
      ignore: !hasTools("strace", "nbdcopy") || (needsRoot === true && !isRoot()),
      async fn() {
        using folder = new TestFolder();
        folder.noise("device", SIZE);
        Deno.writeTextFileSync(folder.file("some.map"), `0 +\n0 ${SIZE} +\n`);
        const dir = bait(folder);
        const output = folder.file("trace");
        // -D: the program itself is the child, and hears the signals.
        const by = ["strace", "-D", "-f", "-y", "-s", "4096", "-o", output];
        await using program = Program.start(args(folder), {
          dir,
          env: misleading(dir),
          by: [...by, "-e", "trace=%file,bind,connect"],
        });
        await use?.(program, folder);
        const { code, stderr } = await program.ended();
        assertEquals(code, 0, stderr);
        const end = new RegExp(`^${program.pid} +\\+\\+\\+ exited`, "m");
        await until("the trace is complete", () => end.test(Deno.readTextFileSync(output)));
        const trace = Deno.readTextFileSync(output);
        assert(trace.includes("/proc/self/exe"), "nothing was traced");
        assertEquals(trespasses(trace, folder.path, dir), []);
        assertEquals(Array.from(Deno.readDirSync(dir)).length, 7, "something was made");
      },
    });
  }
}
