import { assertEquals } from "@std/assert";
import { File } from "../../../src/file/file.ts";
import {
  identify,
  type Identity,
  readerOf,
  type Stretch,
  stretchOf,
} from "../../../src/file/identity.ts";
import { compareIdentity, recognize, type Verdict } from "../../../src/file/identity_comparison.ts";
import type { Volume } from "../../../src/file/volume.ts";
import { inFolder, makeFile, pattern } from "./temporary_folder.ts";

const NOTHING: Identity = {
  size: 1 << 20,
  sectorSize: 512,
  fingerprint: null,
  model: null,
  serial: null,
  volume: null,
  stretches: [],
};
const BLANK = "1adc95be"; // 65,536 zeros
const HEAD = { fingerprint: "0123abcd" };
const DISK = { model: "WDC WD10", serial: "W1" };
const [A, B]: Stretch[] = [
  { offset: 4096, length: 512, sha1: "a".repeat(40) },
  { offset: 8192, length: 512, sha1: "b".repeat(40) },
];

function disc(fields: Partial<Volume>): Partial<Identity> {
  const none = { label: null, created: null, modified: null, id: null, size: null };
  return { volume: { kind: "iso9660", ...none, ...fields } };
}

function stretches(...list: (Stretch | undefined)[]): Partial<Identity> {
  return { stretches: list as Stretch[] };
}

const CASES: [string, Partial<Identity>, Partial<Identity>, Verdict, string[]][] = [
  ["nothing is known but the size", {}, {}, "unknown", []],
  ["another size", HEAD, { ...HEAD, size: 2048 }, "different", ["size"]],
  ["another sector size alone", HEAD, { ...HEAD, sectorSize: 4096 }, "same", []],
  ["the same head", HEAD, HEAD, "same", []],
  ["another head", HEAD, { fingerprint: "0123abce" }, "different", ["fingerprint"]],
  ["a head that cannot be read any more", HEAD, {}, "unknown", []],
  ["the same blank head", { fingerprint: BLANK }, { fingerprint: BLANK }, "unknown", []],
  [
    "another head on the same disk",
    { ...DISK, ...HEAD },
    { ...DISK, fingerprint: "ffffffff" },
    "different",
    ["fingerprint"],
  ],
  ["the same disk, its head unreadable", DISK, DISK, "same", []],
  ["another disk, nothing else known", DISK, { ...DISK, serial: "W2" }, "unknown", [
    "serial number",
  ]],
  ["a clone on another disk", { ...DISK, ...HEAD }, { ...DISK, ...HEAD, serial: "W2" }, "unknown", [
    "serial number",
  ]],
  [
    "the disk in another enclosure, a stretch compared",
    { ...DISK, ...HEAD, ...stretches(A) },
    { ...HEAD, model: "Dock", serial: "D", ...stretches(A) },
    "same",
    ["model", "serial number"],
  ],
  ["a disk that no longer tells its serial", { ...DISK, ...HEAD }, HEAD, "same", []],
  ["the same model alone", { model: "WDC" }, { model: "WDC" }, "unknown", []],
  ["the same label alone", disc({ label: "X" }), disc({ label: "X" }), "unknown", []],
  ["another label", disc({ label: "X" }), disc({ label: "Y" }), "different", ["volume label"]],
  ["the same date", disc({ created: "2001" }), disc({ created: "2001" }), "same", []],
  ["another date", disc({ created: "2001" }), disc({ created: "2002" }), "different", [
    "volume created",
  ]],
  ["the same number", disc({ id: "1" }), disc({ id: "1" }), "same", []],
  ["the same number, which is none", disc({ id: "0000" }), disc({ id: "0000" }), "unknown", []],
  [
    "another kind because a part is unreadable",
    disc({ id: "1", label: "X" }),
    disc({ kind: "mbr", id: "2" }),
    "unknown",
    [],
  ],
  ["a label that cannot be read any more", disc({ label: "X" }), disc({}), "unknown", []],
  ["the same stretch", stretches(A, B), stretches(A), "same", []],
  ["other stretches", stretches(A), stretches(B), "unknown", []],
  [
    "a stretch that has changed among others that have not",
    stretches(A, B),
    stretches(A, { ...B!, sha1: "c".repeat(40) }),
    "different",
    ["hash of 512 bytes at 8192"],
  ],
  [
    "a stretch of another length",
    stretches(A),
    stretches({ ...A!, length: 1024, sha1: "c".repeat(40) }),
    "unknown",
    [],
  ],
];

for (const [name, known, now, verdict, fields] of CASES) {
  Deno.test(`${name}: ${verdict}`, () => {
    const comparison = compareIdentity({ ...NOTHING, ...known }, { ...NOTHING, ...now });
    assertEquals(comparison.verdict, verdict);
    assertEquals(comparison.differences.map(({ field }) => field), fields);
    const reverse = compareIdentity({ ...NOTHING, ...now }, { ...NOTHING, ...known });
    assertEquals(reverse.verdict, verdict, "the order does not matter");
  });
}

Deno.test("a difference names both values", () => {
  const { differences } = compareIdentity(NOTHING, { ...NOTHING, size: 5 });
  assertEquals(differences, [{ field: "size", known: "1048576", now: "5" }]);
});

Deno.test("another size is seen without a read", async () => {
  await inFolder((folder) => {
    using file = File.open(makeFile(folder, "a.img", 5000));
    const { comparison, reads } = recognizeCounting({ ...NOTHING, ...HEAD }, file);
    assertEquals([comparison.verdict, reads], ["different", []]);
  });
});

Deno.test("a known head needs one read", async () => {
  await inFolder((folder) => {
    using file = File.open(makeFile(folder, "a.img", 200_000));
    const known = { ...identify(file), stretches: [stretchOf(pattern(131_072, 512), 131_072)!] };
    const { comparison, reads } = recognizeCounting(known, file);
    assertEquals([comparison.verdict, reads], ["same", [0]]);
  });
});

Deno.test("an unreadable head is made up for by a stretch, and reading ends with the first", async () => {
  await inFolder((folder) => {
    using file = File.open(makeFile(folder, "a.img", 200_000));
    const offsets = [131_072, 135_168];
    const known = {
      ...identify(file),
      stretches: offsets.map((offset) => stretchOf(pattern(offset, 4096), offset)!),
    };
    const { comparison, identity, reads } = recognizeCounting(
      known,
      file,
      (offset) => offset < 65_536,
    );
    assertEquals(comparison.verdict, "same");
    assertEquals(identity.fingerprint, null);
    assertEquals(identity.stretches, [known.stretches[0]]);
    assertEquals(reads.filter((offset) => offset >= 65_536), [131_072]);
  });
});

Deno.test("another medium with a blank head is told by a stretch", async () => {
  await inFolder((folder) => {
    Deno.writeFileSync(`${folder}/a.img`, new Uint8Array(200_000));
    using file = File.open(`${folder}/a.img`);
    const known = { ...identify(file), stretches: [stretchOf(pattern(131_072, 512), 131_072)!] };
    const { comparison } = recognizeCounting(known, file);
    assertEquals(comparison.verdict, "different");
    assertEquals(comparison.differences.map(({ field }) => field), [
      "hash of 512 bytes at 131072",
    ]);
  });
});

Deno.test("a medium of which nothing can be read stays unknown, after few reads", async () => {
  await inFolder((folder) => {
    using file = File.open(makeFile(folder, "a.img", 200_000));
    const known = {
      ...identify(file),
      stretches: Array.from({ length: 20 }, (_, i) => stretchOf(pattern(i, 512), i * 512)!),
    };
    const { comparison, reads } = recognizeCounting(known, file, () => true);
    assertEquals(comparison.verdict, "unknown");
    assertEquals(reads.length <= 6, true, `${reads.length} reads`);
  });
});

function recognizeCounting(known: Identity, file: File, bad = (_offset: number) => false) {
  const reads: number[] = [];
  const read = (offset: number, length: number) => {
    reads.push(offset);
    return bad(offset) ? undefined : readerOf(file)(offset, length);
  };
  return { ...recognize(known, file, { read }), reads };
}
