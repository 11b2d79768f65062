// The order of the calls that make a file last, and what a restart finds after a power cut at any moment of them.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AtomicFile } from "../../../src/files/atomic_file.ts";
import { makeHere } from "../../../src/files/disk.ts";
import { type DurableClaims, saveClaims } from "../../../src/files/durable_claims.ts";
import { replaceFile, replacementOf } from "../../../src/files/replace_file.ts";
import { EIO } from "../../../src/sys/errno.ts";
import { closeFd, openFile, pwrite } from "../../../src/sys/fd.ts";
import { O_CREAT, O_RDWR } from "../../../src/sys/open_flags.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { CrashDisk } from "../../harness/crash_disk.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (content: Uint8Array | undefined) =>
  content === undefined ? undefined : new TextDecoder().decode(content);

Deno.test("a file is written, synced, renamed, and its folder synced", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("a"), "one");
  const disk = new CrashDisk(folder.path);
  replaceFile(folder.file("a"), bytes("two"), 0o600, disk.call);
  const calls = ["create a.tmp", "write a.tmp", "fsync a.tmp", "rename a.tmp a", "fsync ."];
  assertEquals(disk.calls, calls);
});

Deno.test("replaceFile: a power cut leaves the old file or the new one, and afterwards the new one", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("a"), "old");
  const disk = new CrashDisk(folder.path);
  replaceFile(folder.file("a"), bytes("the new one"), 0o600, disk.call);
  disk.say("done");
  const found = new Set<string>();
  for (const { after, said, files } of disk.crashes()) {
    const text = textOf(files.get("a"));
    assert(
      said.length > 0 ? text === "the new one" : text === "old" || text === "the new one",
      after,
    );
    found.add(`${text}`);
  }
  assertEquals(found.size, 2);
});

for (const hasLinks of [true, false]) {
  const where = hasLinks ? "with links" : "without links";
  Deno.test(`AtomicFile ${where}: a power cut leaves the target or its .bak whole`, async () => {
    using folder = new TestFolder();
    Deno.writeTextFileSync(folder.file("a"), "1");
    Deno.writeTextFileSync(folder.file("a.bak"), "0");
    const disk = new CrashDisk(folder.path);
    const call = disk.callElsewhere;
    const file = new AtomicFile(folder.file("a"), {
      backup: true,
      disk: (each) => each[0] === "linkat" && !hasLinks ? Promise.resolve(-1) : call(each),
    });
    for (const text of ["22", "333"]) {
      await file.replace(text);
      disk.say(text);
    }
    await file.close();
    for (const { after, said, files } of disk.crashes()) {
      const target = textOf(files.get("a"));
      const backup = textOf(files.get("a.bak"));
      const last = said.at(-1) ?? "1";
      const next = { "1": "22", "22": "333", "333": "333" }[last];
      if (hasLinks) assert(target === last || target === next, `${after}: ${target}`);
      else {assert(
          target === last || target === next || target === undefined,
          `${after}: ${target}`,
        );}
      const before = { "1": ["0", "1"], "22": ["1", "22"], "333": ["22"] }[last]!;
      assert(backup !== undefined && before.includes(backup), `${after}: .bak ${backup}`);
    }
  });
}

/** Data of a file, of which each byte is claimed by its number. */
class ClaimedFile implements DurableClaims<number[]> {
  readonly data: number;
  readonly dataPath: string;
  readonly #disk: CrashDisk;
  readonly claimed: number[] = [];

  constructor(folder: TestFolder, disk: (folder: string) => CrashDisk) {
    this.dataPath = folder.file("data");
    this.data = openFile(this.dataPath, O_RDWR | O_CREAT);
    this.#disk = disk(folder.path);
  }

  /** Writes a byte, then claims it. */
  write(at: number): void {
    pwrite(this.data, Uint8Array.of(at + 1), at);
    this.#disk.wrote("data", at, Uint8Array.of(at + 1));
    this.claimed.push(at);
  }

  snapshot(): number[] {
    return [...this.claimed];
  }

  encode(snapshot: number[]): Uint8Array<ArrayBuffer> {
    return bytes(JSON.stringify(snapshot));
  }
}

Deno.test("no claim is on the disk before its bytes, whenever they come", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("map"), "[]");
  Deno.writeTextFileSync(folder.file("data"), "");
  let disk!: CrashDisk;
  const file = new ClaimedFile(folder, (path) => disk = new CrashDisk(path));
  let next = 0;
  file.write(next++);
  const writeOne = (what: string) => {
    if (what.startsWith("fdatasync") || what.startsWith("rename")) file.write(next++);
  };
  disk.before = writeOne;
  disk.after = writeOne;
  for (let save = 0; save < 2; save++) {
    const before = file.claimed.length;
    makeHere(
      saveClaims(file, (content) => replacementOf(folder.file("map"), content, 0o600)),
      disk.call,
    );
    disk.say(`${before}`);
  }
  closeFd(file.data);
  let states = 0;
  for (const { after, said, files } of disk.crashes()) {
    states++;
    const claimed = JSON.parse(textOf(files.get("map"))!) as number[];
    const data = files.get("data")!;
    for (const at of claimed) assertEquals(data[at], at + 1, `after ${after}`);
    assert(claimed.length >= Number(said.at(-1) ?? 0), `after ${after}`);
  }
  assert(states > 100);
});

Deno.test("the order of a save: snapshot, sync of the bytes, encoding, replacement", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("data"), "x");
  const data = openFile(folder.file("data"), O_RDWR);
  const disk = new CrashDisk(folder.path);
  const order: string[] = [];
  disk.before = (what) => void order.push(what);
  const claims: DurableClaims<number> = {
    data,
    dataPath: folder.file("data"),
    snapshot: () => order.push("snapshot"),
    encode(snapshot, { size, nlink }) {
      order.push(`encode ${snapshot} ${size} ${nlink}`);
      return bytes("1");
    },
  };
  makeHere(
    saveClaims(claims, (content) => replacementOf(folder.file("a"), content, 0o600)),
    disk.call,
  );
  closeFd(data);
  assertEquals(order, [
    "snapshot",
    "fdatasync data",
    "encode 1 1 1",
    "create a.tmp",
    "write a.tmp",
    "fsync a.tmp",
    "rename a.tmp a",
    "fsync .",
  ]);
});

Deno.test("bytes that cannot be synced are not claimed, nor is a file replaced that could not be", async () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("a"), "one");
  Deno.writeTextFileSync(folder.file("data"), "x");
  const data = openFile(folder.file("data"), O_RDWR);
  for (const failing of ["fdatasync data", "fsync a.tmp"]) {
    const disk = new CrashDisk(folder.path);
    let now = "";
    disk.before = (what) => void (now = what);
    const file = new AtomicFile(folder.file("a"), {
      disk: async (call) => {
        const result = await disk.callElsewhere(call);
        const hasFailed = now === failing && call[0].startsWith("f");
        return hasFailed ? -EIO : result;
      },
    });
    const claims = { data, dataPath: "data", snapshot: () => 0, encode: () => bytes("two") };
    const error = await assertRejects(() => file.save(claims));
    assert(failing !== "fdatasync data" || error instanceof SystemError);
    await file.close();
    assertEquals(Deno.readTextFileSync(folder.file("a")), "one");
    assertEquals(folder.listing(), ["a 3", "data 1"]);
  }
  closeFd(data);
});
