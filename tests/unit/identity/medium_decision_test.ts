// The rule by which an image goes on with a device: pairs of an image and a device as rescuers meet them. The table
// in ARCHITECTURE says the same in fewer rows.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { decideMedium } from "../../../src/identity/medium_decision.ts";
import {
  type Evidence,
  type Finding,
  headEnd,
  type IdWitness,
  isInventedSerial,
  witnessOf,
} from "../../../src/identity/medium_evidence.ts";
import { NOTHING, SIZE } from "./no_evidence.ts";

const MIB = 2 ** 20;

let place = 0;
function finding(result: Finding["result"], fields: Partial<Finding> = {}): Finding {
  place = (place + 1) % 16;
  const offset = fields.isHead ? 0 : (place + 2) * MIB;
  return { offset, length: 65_536, result, isTelling: true, isHead: false, ...fields };
}
const equal = (count: number, fields: Partial<Finding> = {}) =>
  Array.from({ length: count }, () => finding("equal", fields));
const differs = (count: number, fields: Partial<Finding> = {}) =>
  Array.from({ length: count }, () => finding("differs", fields));
const HEAD = finding("equal", { isHead: true });
const OTHER_HEAD = finding("differs", { isHead: true });
const MOUNTED = finding("explained", { isHead: true, what: "superblock" });
const UNREADABLE = finding("unreadable");
const blank = (count: number) => equal(count, { isTelling: false });
const of = (...findings: (Finding | Finding[])[]) => ({ findings: findings.flat() });

const SERIAL = { serial: witnessOf("W1", "W1") };
const OTHER_SERIAL = { serial: witnessOf("W1", "W2") };
const USB = { usbSerial: witnessOf("U1", "U1") };
const OTHER_USB = { usbSerial: witnessOf("U1", "U2") };
const id = (what: string, known: string, now = known, isOwn = false): IdWitness => ({
  what,
  known,
  now,
  isOwn,
});
const GPT = { ids: [id("partition table id", "a-b")] };
const OTHER_GPT = { ids: [id("partition table id", "a-b", "c-d")] };
const FAT = id("FAT id at 4194304", "11111111");
const OTHER_FAT = id("FAT id at 4194304", "11111111", "22222222");
const OTHER_DATE = { ids: [id("volume date", "2001", "2002")] };
const SAME_DATE = { ids: [id("volume date", "2001")] };
const LARGER = { size: SIZE + MIB };
const SMALLER = { size: SIZE - MIB };

type Expected = "same" | "other" | "cannot tell" | "harmless";
const PAIRS: readonly [what: string, evidence: Partial<Evidence>, expected: Expected, RegExp?][] = [
  // The same one.
  ["a disk, all agrees", { ...SERIAL, ...GPT, ...of(HEAD, equal(7)) }, "same"],
  ["a disk of which only the head was read", { ...SERIAL, ...of(HEAD) }, "same"],
  ["a blank disk", { ...SERIAL, ...of(blank(8)) }, "same"],
  ["a disk of which nothing can be read now", { ...SERIAL, ...of(UNREADABLE) }, "same"],
  ["a stick that tells nothing", of(HEAD, equal(7)), "same"],
  [
    "a ddrescue image without a sidecar",
    { sizes: [], knownSectorSize: null, ...of(equal(8)) },
    "same",
  ],
  ["an unreadable head, content agrees", of(equal(8)), "same"],
  ["a place that cannot be read any more", of(UNREADABLE, equal(3)), "same"],
  ["a disc of the same pressing", { ...SAME_DATE, ...of(HEAD, equal(7)) }, "same"],
  ["a full disk of which little tells", of(HEAD, equal(3), blank(4)), "same"],
  ["a disk out of its enclosure", { serial: witnessOf(null, "W1"), ...of(HEAD, equal(7)) }, "same"],
  ["a disk in a reader that tells no serial", {
    serial: witnessOf("W1", null),
    ...of(HEAD, equal(7)),
  }, "same"],
  ["the same stick in the same port", { ...USB, ...of(HEAD, equal(7)) }, "same"],
  [
    "a partition that was mounted, and gone on with",
    of(
      finding("accepted", { isHead: true }),
      blank(4),
    ),
    "same",
  ],
  ["an image that has nothing yet", { imageBytes: 0 }, "same"],
  ["an image that has failures only", { imageBytes: 0, hasFailures: true }, "same"],
  // The same one, with a sentence.
  ["a disk that was mounted since", { ...SERIAL, ...of(MOUNTED, equal(4)) }, "same"],
  ["a disk that was re-labelled", { ...SERIAL, ...GPT, ...of(MOUNTED, equal(7)) }, "same"],
  ["behind a bridge that drops a few sectors", { size: SIZE - 7 * 512, ...of(equal(8)) }, "same"],
  ["behind a bridge that shows a sector more", { size: SIZE + 512, ...of(HEAD, equal(7)) }, "same"],
  ["512e behind a bridge for 4096", { sectorSize: 4096, ...of(equal(8)) }, "same"],
  ["4096 behind a bridge that shows 512", { knownSectorSize: 4096, ...of(equal(8)) }, "same"],
  ["behind an adapter that was accepted", { sizes: [SIZE + MIB, SIZE], ...of(equal(8)) }, "same"],
  // Nobody can tell.
  ["nothing can be compared", {}, "cannot tell", /nothing could be compared/],
  ["the head alone", of(HEAD), "cannot tell", /too little/],
  [
    "factory-formatted sticks: heads and tables are alike",
    {
      ids: [FAT],
      ...of(HEAD, blank(7)),
    },
    "cannot tell",
    /too little/,
  ],
  ["blank discs, or cards", of(blank(8)), "cannot tell", /many media have the same/],
  ["two places of content are too few", of(HEAD, equal(2)), "cannot tell"],
  ["content in the head only", of(HEAD, equal(5, { isHead: true })), "cannot tell"],
  [
    "the same reader, another card: USB proves nothing",
    { ...USB, ...of(HEAD, blank(5)) },
    "cannot tell",
  ],
  [
    "a partition that was mounted",
    { ids: [id("ext id", "e")], ...of(MOUNTED, equal(3), blank(4)) },
    "cannot tell",
    /first 64 KiB changed since \(superblock\).*; the ext id, 3 places/,
  ],
  ["a mounted stick in the same port", { ...USB, ...of(MOUNTED, equal(7)) }, "cannot tell"],
  [
    "a clone on another disk",
    { ...OTHER_SERIAL, ...GPT, ...of(HEAD, equal(7)) },
    "cannot tell",
    /its serial number is W2, not W1/,
  ],
  ["another disk, nothing can be read", { ...OTHER_SERIAL, ...of(UNREADABLE) }, "cannot tell"],
  ["a RAID mirror's other half", { ...OTHER_SERIAL, ...of(equal(8)) }, "cannot tell"],
  [
    "sticks that were written from one image",
    { ...OTHER_USB, ...of(HEAD, equal(7)) },
    "cannot tell",
    /that USB tells is U2, not U1/,
  ],
  [
    "a disk that was written to",
    { ...SERIAL, ...of(HEAD, equal(4), differs(3)) },
    "cannot tell",
    /the serial number agrees, but .* differ from the image: it was written to/,
  ],
  [
    "a disk that was formatted anew",
    { ...SERIAL, ...OTHER_GPT, ...of(OTHER_HEAD, differs(7)) },
    "cannot tell",
    /written to/,
  ],
  [
    "a disk that was re-partitioned",
    { ...SERIAL, ...GPT, ...of(OTHER_HEAD, equal(7)) },
    "cannot tell",
  ],
  ["a stick that was written to, or its clone", of(HEAD, equal(5), differs(2)), "cannot tell"],
  [
    "a stick with another table and the old content",
    { ...OTHER_GPT, ...of(OTHER_HEAD, equal(7)) },
    "cannot tell",
  ],
  ["one place differs, and nothing agrees", of(differs(1)), "cannot tell"],
  // The same one, of another size: asked about as well.
  ["an adapter that shows a MiB more", { ...LARGER, ...of(HEAD, equal(7)) }, "cannot tell"],
  ["an adapter that hides a MiB", { ...SMALLER, ...of(HEAD, equal(7)) }, "cannot tell"],
  ["a disk behind another adapter", { ...SERIAL, ...LARGER, ...of(equal(8)) }, "cannot tell"],
  [
    "a volume that was grown",
    { ...LARGER, ids: [id("ext id", "e")], ...of(MOUNTED, equal(7)) },
    "cannot tell",
  ],
  ["a disc with an appended session", {
    ...LARGER,
    ...of(finding("explained", { isHead: true, what: "volume descriptors" }), equal(7)),
  }, "cannot tell"],
  ["the head alone, and another size", { ...LARGER, ...of(HEAD) }, "cannot tell"],
  ["8 sectors less are no rounding", { size: SIZE - 8 * 512, ...of(equal(8)) }, "cannot tell"],
  // Another one.
  [
    "cards of one model with other files",
    of(HEAD, differs(5), blank(2)),
    "other",
    /nothing .* agrees/,
  ],
  [
    "cards of one model, one half read",
    { ids: [OTHER_FAT], ...of(HEAD, blank(7)) },
    "other",
    /its FAT id at 4194304 is 22222222, not 11111111/,
  ],
  ["another disk of one model", { ...OTHER_SERIAL, ...of(HEAD, differs(3)) }, "other"],
  [
    "another disk with most of the files",
    { ...OTHER_SERIAL, ...of(HEAD, equal(6), differs(1)) },
    "other",
  ],
  ["another disk with another table", { ...OTHER_SERIAL, ...OTHER_GPT, ...of(equal(3)) }, "other"],
  ["another stick", of(OTHER_HEAD, differs(2)), "other"],
  [
    "another stick in the same port",
    { ...USB, ...OTHER_GPT, ...of(OTHER_HEAD, differs(2)) },
    "other",
  ],
  [
    "another disc",
    { ...OTHER_DATE, ...of(OTHER_HEAD) },
    "other",
    /its volume date is 2002, not 2001/,
  ],
  [
    "discs that differ in one file",
    {
      ...SAME_DATE,
      ...of(HEAD, equal(6), differs(1, { isReadOnly: true })),
    },
    "other",
    /nobody writes to a disc/,
  ],
  ["a RAID mirror's other half, by its own number", {
    ids: [id("RAID member number", "s-1", "s-2", true)],
    ...of(equal(7)),
  }, "other"],
  ["another disk of another size", { ...LARGER, ...of(HEAD, differs(3)) }, "other"],
  ["another size and another table", { ...SMALLER, ...OTHER_GPT, ...of(OTHER_HEAD) }, "other"],
  // Nobody can tell, but nothing can be mixed.
  ["all that the image has was compared", {
    ...of(HEAD),
    imageBytes: 65_536,
    comparedBytes: 65_536,
  }, "harmless"],
  [
    "all of it, and it is blank",
    { ...of(blank(2)), imageBytes: 99, comparedBytes: 99 },
    "harmless",
  ],
  ["all of it, but there are failures", {
    ...of(HEAD),
    imageBytes: 65_536,
    comparedBytes: 65_536,
    hasFailures: true,
  }, "cannot tell"],
  ["all of it, but the size is another", {
    ...of(HEAD),
    imageBytes: 65_536,
    comparedBytes: 65_536,
    size: SIZE + 512,
  }, "cannot tell"],
  ["all of it, on another disk", {
    ...OTHER_SERIAL,
    ...of(HEAD),
    imageBytes: 65_536,
    comparedBytes: 65_536,
  }, "cannot tell"],
];

for (const [what, evidence, expected, says] of PAIRS) {
  Deno.test(`${what}: ${expected}`, () => {
    const decision = decideMedium({ ...NOTHING, ...evidence });
    const { answer, isHarmless, reason, remarks } = decision;
    assertEquals(isHarmless ? "harmless" : answer, expected, reason);
    assert(reason.length > 0 && !/\.$/.test(reason), reason);
    if (says !== undefined) assertMatch(reason, says);
    for (const text of [reason, ...remarks]) assert(!/undefined|null/.test(text), text);
  });
}

Deno.test("there are at least 40 pairs, each of its own name", () => {
  assert(PAIRS.length >= 40);
  assertEquals(new Set(PAIRS.map(([what]) => what)).size, PAIRS.length);
});

Deno.test("what goes on is told what is not as it was", () => {
  const tell = (evidence: Partial<Evidence>) => decideMedium({ ...NOTHING, ...evidence });
  assertMatch(
    tell({ ...SERIAL, ...of(MOUNTED, equal(4)) }).remarks.join(),
    /mounted or repaired since: its first 64 KiB changed since \(superblock\)/,
  );
  assertMatch(
    tell({ sectorSize: 4096, ...of(equal(8)) }).remarks.join(),
    /4096 bytes now.*had 512/,
  );
  assertEquals(
    tell({ size: SIZE - 512, ...of(equal(8)) }).size,
    `has ${SIZE} bytes, 512 more than the device`,
  );
  assertEquals(
    tell({ ...LARGER, ...of(equal(8)) }).size,
    `has ${SIZE} bytes, ${MIB} fewer than the device`,
  );
});

Deno.test("only what speaks for a medium makes anybody ask", () => {
  const isLikely = (evidence: Partial<Evidence>) =>
    decideMedium({ ...NOTHING, ...evidence }).isLikely;
  assertEquals(isLikely({}), false);
  assertEquals(isLikely(of(UNREADABLE)), false);
  assertEquals(isLikely(of(HEAD)), true);
  assertEquals(isLikely({ ...OTHER_USB, ...of(HEAD) }), false);
  assertEquals(isLikely({ ...OTHER_USB, ...of(HEAD, equal(3)) }), true);
});

Deno.test("a serial number that thousands of devices have says nothing", () => {
  const invented = [
    "",
    "0",
    "000000000000",
    "0123456789ABCDEF",
    "123456789",
    "12345678",
    "ffffffff",
  ];
  for (const serial of [...invented, "1234 5678", "--------"]) {
    assertEquals(isInventedSerial(serial), true, serial);
  }
  for (
    const serial of ["W1E2R3T4", "S3Z9NB0K123456", "0x1d2c3b4a", "4C530001", "WD-WCC4N0012345"]
  ) {
    assertEquals(isInventedSerial(serial), false, serial);
  }
});

Deno.test("the head is the first MiB, of a small medium less", () => {
  assertEquals(headEnd(2 ** 40), MIB);
  assertEquals(headEnd(1_474_560), 184_320);
});
