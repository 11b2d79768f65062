// Whether a disk that has come back in the middle of a run is taken up again: only what is proved is.
import { assertEquals } from "@std/assert";
import { type Evidence, type Finding, witnessOf } from "../../../src/identity/medium_evidence.ts";
import { decideReturned } from "../../../src/identity/medium_decision.ts";
import { NOTHING, SIZE } from "./no_evidence.ts";

const MIB = 2 ** 20;
function findings(result: Finding["result"], count: number, fields: Partial<Finding> = {}) {
  return Array.from({ length: count }, (_, index): Finding => ({
    offset: (index + 2) * MIB,
    length: 65_536,
    result,
    isTelling: true,
    isHead: false,
    ...fields,
  }));
}
const equal = (count: number, fields: Partial<Finding> = {}) => findings("equal", count, fields);
const HEAD = { offset: 0, isHead: true };
const BLANK = { isTelling: false };
const SERIAL = { serial: witnessOf("W1", "W1") };
const OTHER_SERIAL = { serial: witnessOf("W1", "W2") };
const NO_SERIAL_NOW = { serial: witnessOf("W1", null) };
const USB = { usbSerial: witnessOf("U1", "U1") };
const OTHER_USB = { usbSerial: witnessOf("U1", "U2") };
const FRESH = { imageBytes: 0 };
const WHOLE = { imageBytes: 65_536, comparedBytes: 65_536 };

type Answer = "same" | "other" | "cannot tell";
const ROWS: readonly [what: string, evidence: Partial<Evidence>, answer: Answer][] = [
  ["a disk with its serial number, all agrees", { ...SERIAL, findings: equal(8) }, "same"],
  ["a disk with its serial number, nothing read yet", { ...SERIAL, ...FRESH }, "same"],
  ["a disk with its serial number, blank", { ...SERIAL, findings: equal(8, BLANK) }, "same"],
  [
    "a disk with its serial number, still sick",
    { ...SERIAL, findings: findings("unreadable", 1) },
    "same",
  ],
  ["a disk with its serial number, written to meanwhile", {
    ...SERIAL,
    findings: findings("differs", 1),
  }, "cannot tell"],
  ["a disk that tells nothing, much agrees", { findings: equal(3) }, "same"],
  ["a disk that tells its serial number no more, much agrees", {
    ...NO_SERIAL_NOW,
    findings: equal(3),
  }, "same"],
  [
    "a disk that tells its serial number no more, nothing read yet",
    { ...NO_SERIAL_NOW, ...FRESH },
    "cannot tell",
  ],
  ["a disk that tells nothing, nothing read yet", FRESH, "cannot tell"],
  [
    "a disk that tells nothing, nothing read but what failed",
    { ...FRESH, hasFailures: true },
    "cannot tell",
  ],
  [
    "a disk that tells nothing, only the head was read",
    { findings: equal(1, HEAD) },
    "cannot tell",
  ],
  ["a disk that tells nothing, only the head was read, all of it agrees", {
    ...WHOLE,
    findings: equal(1, HEAD),
  }, "cannot tell"],
  [
    "a disk that tells nothing, blank wherever it was read",
    { findings: equal(8, BLANK) },
    "cannot tell",
  ],
  ["a disk that tells nothing, all that was read is blank and agrees", {
    ...WHOLE,
    findings: equal(1, BLANK),
  }, "cannot tell"],
  ["a disk that tells nothing, two places agree", { findings: equal(2) }, "cannot tell"],
  ["a disk that tells nothing, still sick", { findings: findings("unreadable", 1) }, "cannot tell"],
  ["a disk that tells nothing, mounted meanwhile", {
    findings: [...equal(5), ...findings("explained", 1)],
  }, "cannot tell"],
  ["a disk that tells nothing, one file differs", {
    findings: [...equal(7), ...findings("differs", 1)],
  }, "cannot tell"],
  ["a disk that tells nothing, all differs", { findings: findings("differs", 3) }, "other"],
  ["a disk that tells nothing, of which --force has accepted a difference", {
    findings: findings("accepted", 1),
  }, "cannot tell"],
  ["an enclosure with its number, nothing read yet", { ...USB, ...FRESH }, "cannot tell"],
  ["an enclosure with its number, two places agree", { ...USB, findings: equal(2) }, "cannot tell"],
  ["an enclosure with its number, much agrees", { ...USB, findings: equal(3) }, "same"],
  [
    "an enclosure with another number, much agrees",
    { ...OTHER_USB, findings: equal(8) },
    "cannot tell",
  ],
  [
    "a copy on a disk with another serial number",
    { ...OTHER_SERIAL, findings: equal(8) },
    "cannot tell",
  ],
  [
    "another disk with another serial number",
    { ...OTHER_SERIAL, findings: findings("differs", 1) },
    "other",
  ],
  ["a disk with its serial number and another size", {
    ...SERIAL,
    findings: equal(8),
    size: SIZE + MIB,
  }, "cannot tell"],
];

for (const [what, evidence, answer] of ROWS) {
  Deno.test(`${what}: ${answer}`, () => {
    const decision = decideReturned({ ...NOTHING, ...evidence });
    assertEquals(decision.answer, answer, decision.reason);
  });
}
