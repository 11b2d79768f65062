// As root only can files be given to somebody else; the rest of the rules holds for everybody.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { findEntry, removeFile } from "../../../src/files/entry.ts";
import { closeFd, identityOf, pwrite } from "../../../src/sys/fd.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { isRoot } from "../../harness/requires.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const NOBODY = 65534;

/** Tries to open what a path names as an image, and closes it. @returns the sentence, or what is there. */
function opened(path: string, write = true): string {
  try {
    using entry = findEntry(path, { followLink: true });
    const fd = entry.open("image", write);
    if (fd === undefined) return "nothing";
    closeFd(fd);
    return "file";
  } catch (error) {
    if (error instanceof UserError || error instanceof SystemError) return error.message;
    throw error;
  }
}

function link(target: string, path: string, owner = 0): void {
  Deno.symlinkSync(target, path);
  if (owner !== 0) run("chown", "-h", String(owner), path);
}

function run(command: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(command, { args }).outputSync();
  assert(success, new TextDecoder().decode(stderr));
}

Deno.test("a path without links is found, whatever its form", () => {
  using folder = new TestFolder();
  Deno.mkdirSync(folder.file("a/b"), { recursive: true });
  Deno.writeTextFileSync(folder.file("a/b/file"), "");
  for (const path of ["a/b/file", "a//b/./file", "a/b/../b/file", "a/b/file/"]) {
    assertEquals(opened(folder.file(path)), "file", path);
  }
  assertEquals(opened(folder.file("a/none")), "nothing");
  for (const path of ["a/b/..", "a/b/file/x", "none/x", "/"]) {
    const full = path === "/" ? path : folder.file(path);
    assert(!["file", "nothing"].includes(opened(full)), path);
  }
});

Deno.test("links of our own are followed where nobody else can make any", () => {
  using folder = new TestFolder();
  Deno.mkdirSync(folder.file("real"));
  Deno.writeTextFileSync(folder.file("real/file"), "");
  link("real/file", folder.file("relative"));
  link(folder.file("real/file"), folder.file("absolute"));
  link("relative", folder.file("twice"));
  link("real", folder.file("dir"));
  for (const path of ["relative", "absolute", "twice", "dir/file"]) {
    assertEquals(opened(folder.file(path)), "file", path);
  }
  using entry = findEntry(folder.file("relative"));
  assert(assertThrows(() => entry.open("sidecar"), UserError).message.includes("symbolic link"));
  link("loop", folder.file("loop"));
  assert(opened(folder.file("loop")).includes("ELOOP"));
});

Deno.test("a link that leads nowhere is said, and nothing is made through it", () => {
  using folder = new TestFolder();
  link(folder.file("none"), folder.file("dangling"));
  link("no/where", folder.file("further"));
  for (const name of ["dangling", "further"]) {
    const sentence = opened(folder.file(name));
    assert(sentence.includes("where there is nothing"), sentence);
  }
  using entry = findEntry(folder.file("dangling"));
  assertThrows(() => entry.create(0o600), SystemError);
  assertEquals(folder.listing().length, 2);
});

Deno.test({
  name: "links of somebody else, and links where others can make some, are not followed",
  ignore: !isRoot(),
  fn() {
    using folder = new TestFolder();
    Deno.writeTextFileSync(folder.file("file"), "");
    const table: [name: string, mode: number, owner: number, linkOwner: number][] = [
      ["theirs in ours", 0o755, 0, NOBODY],
      ["ours in theirs", 0o755, NOBODY, 0],
      ["theirs in theirs", 0o755, NOBODY, NOBODY],
      ["ours in sticky", 0o1777, 0, 0],
      ["theirs in sticky", 0o1777, 0, NOBODY],
      ["ours in public", 0o777, 0, 0],
    ];
    for (const [name, mode, owner, linkOwner] of table) {
      const dir = folder.file(name);
      Deno.mkdirSync(dir);
      link(folder.file("file"), `${dir}/link`, linkOwner);
      link(folder.path, `${dir}/up`, linkOwner);
      Deno.chownSync(dir, owner, owner);
      Deno.chmodSync(dir, mode);
      for (const path of [`${dir}/link`, `${dir}/up/file`]) {
        const sentence = opened(path);
        assert(sentence.includes("not followed"), `${name}: ${sentence}`);
      }
    }
  },
});

Deno.test({
  name:
    "where everybody can write only files of ours are used, and only if others cannot replace them",
  ignore: !isRoot(),
  fn() {
    using folder = new TestFolder();
    for (const [name, mode] of [["sticky", 0o1777], ["public", 0o777]] as const) {
      const dir = folder.file(name);
      Deno.mkdirSync(dir);
      Deno.chmodSync(dir, mode);
      for (const [file, owner] of [["ours", 0], ["theirs", NOBODY]] as const) {
        Deno.writeTextFileSync(`${dir}/${file}`, "");
        Deno.chownSync(`${dir}/${file}`, owner, owner);
      }
    }
    assertEquals(opened(folder.file("sticky/ours")), "file");
    assertEquals(opened(folder.file("sticky/none")), "nothing");
    assert(opened(folder.file("sticky/theirs")).includes("belongs to another user"));
    for (const name of ["ours", "theirs", "none"]) {
      assert(opened(folder.file(`public/${name}`)).includes("everybody can replace"), name);
      using entry = findEntry(folder.file("public/new"));
      assertThrows(() => entry.create(0o600), UserError);
    }
  },
});

Deno.test({
  name: "what is written to in place has no other name, unless only we could have given it one",
  ignore: !isRoot(),
  fn() {
    using folder = new TestFolder();
    Deno.mkdirSync(folder.file("dir"));
    Deno.writeTextFileSync(folder.file("precious"), "");
    Deno.linkSync(folder.file("precious"), folder.file("dir/file"));
    assertEquals(opened(folder.file("dir/file")), "file");
    Deno.chownSync(folder.file("dir"), NOBODY, NOBODY);
    assert(opened(folder.file("dir/file")).includes("has other names"));
    assertEquals(opened(folder.file("dir/file"), false), "file");
  },
});

Deno.test("whatever is no regular file is refused at once, by what it is", () => {
  using folder = new TestFolder();
  Deno.mkdirSync(folder.file("a directory"));
  run("mkfifo", folder.file("a named pipe"));
  using _socket = Deno.listen({ transport: "unix", path: folder.file("a socket") });
  const kinds = ["a directory", "a named pipe", "a socket"];
  if (Deno.uid() === 0) {
    run("mknod", folder.file("a character device"), "c", "1", "5");
    run("mknod", folder.file("a block device"), "b", "7", "200");
    kinds.push("a character device", "a block device");
  }
  for (const kind of kinds) {
    for (const write of [true, false]) {
      const sentence = opened(folder.file(kind), write);
      assert(sentence.endsWith(`is not a regular file, but ${kind}`), sentence);
    }
  }
});

Deno.test("what is made lands in the directory that was found, whatever its path leads to by then", () => {
  using folder = new TestFolder();
  Deno.mkdirSync(folder.file("dir"));
  Deno.mkdirSync(folder.file("victim"));
  using entry = findEntry(folder.file("dir/file"));
  Deno.renameSync(folder.file("dir"), folder.file("moved"));
  link("victim", folder.file("dir"));
  const fd = entry.create(0o600);
  pwrite(fd, new TextEncoder().encode("new"), 0);
  closeFd(fd);
  assertEquals(Deno.readTextFileSync(folder.file("moved/file")), "new");
  assertEquals([...Deno.readDirSync(folder.file("victim"))], []);
  Deno.writeTextFileSync(folder.file("victim/file"), "precious");
  entry.remove();
  assertEquals(Deno.readTextFileSync(folder.file("victim/file")), "precious");
});

Deno.test("removing takes a link, not what it leads to, and minds nothing that is not there", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("file"), "");
  link("file", folder.file("link"));
  for (const name of ["link", "none", "no/where"]) removeFile(folder.file(name));
  assertEquals(folder.listing(), ["file 0"]);
});

Deno.test("an image is opened as the file that was looked at", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("file"), "");
  using entry = findEntry(folder.file("file"));
  const fd = entry.open("image", true)!;
  assertEquals(identityOf(fd).ino, Deno.statSync(folder.file("file")).ino);
  closeFd(fd);
});
