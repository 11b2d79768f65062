// Who may read a file while it is replaced, and what of it survives.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { AtomicFile } from "../../../src/files/atomic_file.ts";
import { findEntry } from "../../../src/files/entry.ts";
import { replaceFile } from "../../../src/files/replace_file.ts";
import { replacement } from "../../../src/files/replacement.ts";
import { callHere } from "../../../src/sys/disk_calls.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { isRoot } from "../../harness/requires.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const NOBODY = 65534;

/** Runs `test` with a umask. */
async function withUmask(umask: number, test: () => void | Promise<void>): Promise<void> {
  const before = Deno.umask(umask);
  try {
    await test();
  } finally {
    Deno.umask(before);
  }
}

function modes(folder: TestFolder): string[] {
  return [...Deno.readDirSync(folder.path)].map(({ name }) =>
    `${name} ${(Deno.lstatSync(folder.file(name)).mode! & 0o777).toString(8)}`
  ).sort();
}

Deno.test("a new file has the mode it is given less the umask; a replaced one keeps its own", async () => {
  for (const [umask, mode, wanted] of [[0, 0o600, 600], [0o022, 0o664, 644], [0o077, 0o644, 600]]) {
    await withUmask(umask!, async () => {
      using folder = new TestFolder();
      const file = new AtomicFile(folder.file("a.map"), { backup: true, mode: mode! });
      await file.replace("one");
      assertEquals(modes(folder), [`a.map ${wanted}`]);
      Deno.chmodSync(folder.file("a.map"), 0o640);
      await file.replace("two");
      assertEquals(modes(folder), ["a.map 640", "a.map.bak 640"]);
      Deno.chmodSync(folder.file("a.map.bak"), 0o600);
      await file.replace("three");
      assertEquals(modes(folder), ["a.map 640", "a.map.bak 600"]);
      await file.close();
    });
  }
});

Deno.test("at no moment may anybody read more than of the file that is replaced", async () => {
  await withUmask(0, () => {
    for (const mode of [0o600, 0o640, 0o604]) {
      using folder = new TestFolder();
      const path = folder.file("a");
      Deno.writeTextFileSync(path, "one", { mode });
      Deno.chmodSync(path, mode);
      using entry = findEntry(path);
      const bytes = new TextEncoder().encode("two");
      const calls = replacement(entry, bytes, { mode: 0o666, backup: true });
      for (let step = calls.next(); !step.done;) {
        step = calls.next(callHere(step.value));
        for (const line of modes(folder)) {
          const now = parseInt(line.split(" ")[1]!, 8);
          assertEquals(now & ~mode, 0, `${line} instead of ${mode.toString(8)}`);
        }
      }
      assertEquals(modes(folder), [`a ${mode.toString(8)}`, `a.bak ${mode.toString(8)}`]);
    }
  });
});

Deno.test({
  name: "owner and group survive a save",
  ignore: !isRoot(),
  async fn() {
    using folder = new TestFolder();
    const path = folder.file("a");
    Deno.writeTextFileSync(path, "one");
    Deno.chownSync(path, NOBODY, 12345);
    Deno.chmodSync(path, 0o640);
    await new AtomicFile(path).replace("two");
    replaceFile(path, new TextEncoder().encode("three"), 0o644);
    const { uid, gid, mode } = Deno.statSync(path);
    assertEquals([uid, gid, mode! & 0o777], [NOBODY, 12345, 0o640]);
    assertEquals(Deno.readTextFileSync(path), "three");
  },
});

const IN_THE_WAY: [name: string, put: (path: string) => void][] = [
  ["a directory", (path) => Deno.mkdirSync(path)],
  ["somebody's file", (path) => give(path, () => Deno.writeTextFileSync(path, "theirs"))],
  ["somebody's link", (path) => give(path, () => Deno.symlinkSync("victim", path))],
  ["somebody's link to nothing", (path) => give(path, () => Deno.symlinkSync("none", path))],
];

function give(path: string, make: () => void): void {
  make();
  const { success } = new Deno.Command("chown", { args: ["-h", `${NOBODY}`, path] }).outputSync();
  assert(success);
}

for (const [what, put] of IN_THE_WAY) {
  Deno.test({
    name: `${what} at the temporary name stays, and is one sentence`,
    ignore: !isRoot(),
    async fn() {
      using folder = new TestFolder();
      Deno.writeTextFileSync(folder.file("victim"), "precious");
      Deno.writeTextFileSync(folder.file("a"), "one");
      put(folder.file("a.tmp"));
      const before = Deno.lstatSync(folder.file("a.tmp"));
      const file = new AtomicFile(folder.file("a"));
      const { message } = await assertRejects(() => file.replace("two"), UserError);
      assert(message.includes(`"${folder.file("a.tmp")}"`), message);
      const bytes = new TextEncoder().encode("two");
      assertThrows(() => replaceFile(folder.file("a"), bytes, 0o600), SystemError);
      assertEquals(Deno.lstatSync(folder.file("a.tmp")).ino, before.ino);
      assertEquals(Deno.readTextFileSync(folder.file("victim")), "precious");
      assertEquals(Deno.readTextFileSync(folder.file("a")), "one");
    },
  });
}

Deno.test("a directory at .bak is one sentence, and the target stays", async () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("a"), "one");
  Deno.mkdirSync(folder.file("a.bak"));
  const file = new AtomicFile(folder.file("a"), { backup: true });
  const { message } = await assertRejects(() => file.replace("two"), UserError);
  assert(message.includes(folder.file("a.bak")), message);
  assertEquals(Deno.readTextFileSync(folder.file("a")), "one");
  assertEquals(folder.listing().length, 2);
});

Deno.test({
  name: "in a directory like /tmp nothing of somebody else's is replaced",
  ignore: !isRoot(),
  async fn() {
    using folder = new TestFolder();
    Deno.chmodSync(folder.path, 0o1777);
    for (const name of ["a", "b.bak"]) {
      Deno.writeTextFileSync(folder.file(name), "theirs");
      Deno.chownSync(folder.file(name), NOBODY, NOBODY);
    }
    Deno.writeTextFileSync(folder.file("b"), "ours");
    const file = (name: string) => new AtomicFile(folder.file(name), { backup: true });
    await assertRejects(() => file("a").replace("new"), UserError);
    await assertRejects(() => file("b").replace("new"), UserError);
    await file("c").replace("new");
    assertEquals(Deno.readTextFileSync(folder.file("a")), "theirs");
    assertEquals(Deno.readTextFileSync(folder.file("b.bak")), "theirs");
    assertEquals(Deno.readTextFileSync(folder.file("b")), "ours");
    assertEquals(folder.listing().map((line) => line.split(" ")[0]), ["a", "b", "b.bak", "c"]);
  },
});

Deno.test("saves go on in the directory that was found, whatever its path leads to by then", async () => {
  using folder = new TestFolder();
  for (const name of ["dir", "victim"]) Deno.mkdirSync(folder.file(name));
  const file = new AtomicFile(folder.file("dir/a"));
  await file.replace("one");
  Deno.renameSync(folder.file("dir"), folder.file("moved"));
  Deno.symlinkSync("victim", folder.file("dir"));
  await file.replace("two");
  assertEquals(Deno.readTextFileSync(folder.file("moved/a")), "two");
  assertEquals([...Deno.readDirSync(folder.file("victim"))], []);
  await file.close();
});

Deno.test("a link of our own is kept, and what it leads to is replaced", async () => {
  using folder = new TestFolder();
  Deno.mkdirSync(folder.file("disk"));
  Deno.writeTextFileSync(folder.file("disk/map"), "one");
  Deno.symlinkSync("disk/map", folder.file("map"));
  const file = new AtomicFile(folder.file("map"), { backup: true });
  await file.replace("two");
  assertEquals(Deno.lstatSync(folder.file("map")).isSymlink, true);
  assertEquals(Deno.readTextFileSync(folder.file("disk/map")), "two");
  assertEquals(Deno.readTextFileSync(folder.file("disk/map.bak")), "one");
  await file.close();
});
