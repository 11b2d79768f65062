import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { AtomicFile } from "../../../src/files/atomic_file.ts";
import { isRoot } from "../../harness/requires.ts";

Deno.test("a file that is not there yet is made, with its mode and without a .bak", async () => {
  await inFolder(async (folder) => {
    const file = new AtomicFile(`${folder}/a.map`, { backup: true, mode: 0o600 });
    await file.replace("one");
    assertEquals(Deno.readTextFileSync(file.path), "one");
    assertEquals(Deno.statSync(file.path).mode! & 0o777, 0o600);
    assertEquals(names(folder), ["a.map"]);
  });
});

Deno.test("the previous content becomes .bak, the one before it goes", async () => {
  await inFolder(async (folder) => {
    const file = new AtomicFile(`${folder}/a.map`, { backup: true });
    for (const content of ["one", "two", "three"]) await file.replace(content);
    assertEquals(Deno.readTextFileSync(file.path), "three");
    assertEquals(Deno.readTextFileSync(file.backupPath), "two");
    assertEquals(names(folder), ["a.map", "a.map.bak"]);
  });
});

Deno.test("without backup nothing stands beside the file", async () => {
  await inFolder(async (folder) => {
    const file = new AtomicFile(`${folder}/a.json`);
    for (const content of ["one", "two"]) await file.replace(content);
    assertEquals(names(folder), ["a.json"]);
  });
});

Deno.test("replacements that overlap are done in the order of the calls", async () => {
  await inFolder(async (folder) => {
    const file = new AtomicFile(`${folder}/a.map`, { backup: true });
    await Promise.all(["one", "two", "three", "four"].map((content) => file.replace(content)));
    assertEquals(Deno.readTextFileSync(file.path), "four");
    assertEquals(Deno.readTextFileSync(file.backupPath), "three");
  });
});

Deno.test("a reader sees a whole file at every instant, also its .bak", async () => {
  await inFolder(async (folder) => {
    const file = new AtomicFile(`${folder}/a.map`, { backup: true });
    const contents = Array.from({ length: 40 }, (_, i) => `${i} `.repeat(30_000 + i));
    const whole = new Set(contents);
    await file.replace(contents[0]!);
    await file.replace(contents[1]!);
    let writing = true;
    const writer = (async () => {
      for (const content of contents) await file.replace(content);
      writing = false;
    })();
    let looks = 0;
    for (; writing; looks++) {
      assert(whole.has(await Deno.readTextFile(file.path)), "the target is not whole");
      assert(whole.has(await Deno.readTextFile(file.backupPath)), "the .bak is not whole");
    }
    await writer;
    assert(looks > 0);
  });
});

Deno.test("leftovers of a killed run do not stop a save and do not stay", async () => {
  await inFolder(async (folder) => {
    const file = new AtomicFile(`${folder}/a.map`, { backup: true });
    await file.replace("one");
    Deno.writeTextFileSync(`${folder}/a.map.tmp`, "half");
    Deno.writeTextFileSync(`${folder}/a.map.bak.tmp`, "half");
    await file.replace("two");
    assertEquals(Deno.readTextFileSync(file.path), "two");
    assertEquals(Deno.readTextFileSync(file.backupPath), "one");
    assertEquals(names(folder), ["a.map", "a.map.bak"]);
  });
});

Deno.test("a .bak that is the target itself (a kill between the renames) leaves nothing behind", async () => {
  await inFolder(async (folder) => {
    const file = new AtomicFile(`${folder}/a.map`, { backup: true });
    await file.replace("one");
    Deno.linkSync(file.path, file.backupPath);
    await file.replace("two");
    assertEquals(Deno.readTextFileSync(file.path), "two");
    assertEquals(Deno.readTextFileSync(file.backupPath), "one");
    assertEquals(names(folder), ["a.map", "a.map.bak"]);
  });
});

Deno.test("a link laid at the temporary name is not followed", async () => {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/victim`, "precious");
    Deno.symlinkSync(`${folder}/victim`, `${folder}/a.map.tmp`);
    await new AtomicFile(`${folder}/a.map`).replace("one");
    assertEquals(Deno.readTextFileSync(`${folder}/victim`), "precious");
    assertEquals(Deno.lstatSync(`${folder}/a.map`).isSymlink, false);
  });
});

Deno.test("where links cannot be made the target itself becomes .bak", async () => {
  await inFolder(async (folder) => {
    const file = new AtomicFile(`${folder}/a.map`, { backup: true });
    await file.replace("one");
    // A directory that is not empty, at the name of the link, makes linking fail as FAT does.
    Deno.mkdirSync(`${folder}/a.map.bak.tmp/x`, { recursive: true });
    await file.replace("two");
    assertEquals(Deno.readTextFileSync(file.path), "two");
    assertEquals(Deno.readTextFileSync(file.backupPath), "one");
  });
});

Deno.test("a failed save says so, leaves the target alone and leaves no temporary file", async () => {
  await inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/a.map/x`, { recursive: true });
    const file = new AtomicFile(`${folder}/a.map`);
    const error = await assertRejects(() => file.replace("one"), UserError);
    assert(error.message.startsWith(`cannot save "${folder}/a.map": `), error.message);
    assertEquals(names(folder), ["a.map"]);
    Deno.removeSync(`${folder}/a.map`, { recursive: true });
    await file.replace("two");
    assertEquals(Deno.readTextFileSync(file.path), "two", "a failure must not stop later saves");
  });
});

Deno.test("a folder that is not there is an error of the user's", async () => {
  await inFolder(async (folder) => {
    await assertRejects(() => new AtomicFile(`${folder}/no/a.map`).replace("one"), UserError);
  });
});

Deno.test({
  name: "a full disk keeps the old content and says what to do",
  ignore: !isRoot(),
  fn: async () => {
    await inFolder(async (folder) => {
      await run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder);
      try {
        const file = new AtomicFile(`${folder}/a.map`, { backup: true });
        await file.replace("one");
        const error = await assertRejects(() => file.replace(new Uint8Array(1 << 20)), UserError);
        assertEquals(error.hints.length, 1);
        assertEquals(Deno.readTextFileSync(file.path), "one");
        assertEquals(names(folder), ["a.map"]);
        await file.close();
      } finally {
        await run("umount", folder);
      }
    });
  },
});

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "blkcache-test-" });
  try {
    await test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  assert(success, `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
