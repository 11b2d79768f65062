// Whether a device holds the medium that an image is of: the rule, and nothing else. Pure. The table stands in
// ARCHITECTURE, "Which medium this is".
import { formatSize } from "../base/sizes.ts";
import { printable } from "../base/printable.ts";
import type { Evidence, Finding } from "./medium_evidence.ts";

/** The result of a judgement. All texts are clauses for a person, without a full stop. */
export interface Decision {
  readonly answer: "same" | "other" | "cannot tell";
  /** Why. */
  readonly reason: string;
  /** What is worth a sentence beside the answer "same": written to since, or other sectors. */
  readonly remarks: readonly string[];
  /** The image's size beside the device's, where they differ; said of the image: "has 8 bytes, 1 more than ...". */
  readonly size: string | null;
  /**
   * The answer is "cannot tell", and yet nothing can be mixed: every byte that the image has was compared and
   * agrees, and nothing is called unreadable.
   */
  readonly isHarmless: boolean;
  /** Some evidence is in favour: without any, the user need not be asked. */
  readonly isLikely: boolean;
}

/** So many stretches outside the head, of content that tells media apart, prove that it is the same. */
export const ENOUGH_PROOFS = 3;
/** So many that differ, while none agrees, prove that it is another. */
const TOO_MANY = 2;
/** A device may show this many sectors more or less behind another bridge, without a question. */
const GROUP_SECTORS = 8;

/** What the stretches say together. */
interface Content {
  /** Telling stretches outside the head that agree. */
  readonly proofs: number;
  /** Those that agree, of any kind. */
  readonly equal: number;
  /** Those that differ from the image as they did when the user went on: hardly another medium has them. */
  readonly accepted: number;
  readonly explained: readonly Finding[];
  readonly different: readonly Finding[];
  readonly unreadable: number;
}

/** @returns the answer, by the first rule that fits. */
export function decideMedium(evidence: Evidence): Decision {
  const { serial, usbSerial } = evidence;
  const content = contentOf(evidence.findings);
  const ids = evidence.ids.filter(({ known, now }) => known !== now);
  const decision = decideContent(evidence, content, ids);
  const remarks = remarksOn(evidence);
  const isLikely = serial.verdict === "agrees" || content.proofs > 0 ||
    content.equal > 0 && usbSerial.verdict !== "differs" && serial.verdict !== "differs" ||
    evidence.ids.some(({ known, now }) => known === now);
  const size = evidence.sizes.length > 0 && !evidence.sizes.includes(evidence.size)
    ? sizeSentence(evidence)
    : null;
  const isHarmless = decision.isHarmless === true && size === null;
  if (decision.answer === "same" && isOtherSize(evidence)) {
    return { ...decision, answer: "cannot tell", isHarmless: false, isLikely, size };
  }
  const rest = decision.answer === "same" ? remarks : [];
  return { ...decision, isHarmless, isLikely, size, remarks: [...decision.remarks, ...rest] };
}

type Answer = Pick<Decision, "answer" | "reason" | "remarks"> & { readonly isHarmless?: boolean };

/** The rules, first match first. */
function decideContent(
  evidence: Evidence,
  content: Content,
  ids: Evidence["ids"],
): Answer {
  const { serial, usbSerial } = evidence;
  const agreeing = agreeingSentence(evidence, content);
  const differing = differingSentence(content, ids);
  const isSerial = serial.verdict === "agrees";
  const isOtherSerial = serial.verdict === "differs";
  const hasDifference = content.different.length > 0 || ids.length > 0;
  const answer = (answer: Decision["answer"], reason: string, ...remarks: string[]): Answer => ({
    answer,
    reason,
    remarks,
  });

  if (hasDifference) {
    if (isSerial) {
      return answer("cannot tell", `the serial number agrees, but ${differing}: it was written to`);
    }
    const disc = content.different.find(({ isReadOnly }) => isReadOnly);
    if (disc !== undefined) {
      return answer("other", `${differing}, and nobody writes to a disc in this place`);
    }
    if (isOtherSerial) return answer("other", `${serialSentence(evidence)}, and ${differing}`);
    if (ids.some(({ isOwn }) => isOwn)) return answer("other", differing);
    if (content.proofs === 0 && (ids.length > 0 || content.different.length >= TOO_MANY)) {
      return answer("other", `${differing}, and nothing that tells media apart agrees`);
    }
    return answer("cannot tell", `${differing}, ${agreeing}: it was written to, or is another one`);
  }
  if (isOtherSerial || usbSerial.verdict === "differs") {
    const sentence = serialSentence(evidence);
    return answer(
      "cannot tell",
      `${sentence}, ${agreeing}${changedSentence(content)}: ` +
        "it is in another enclosure or adapter, or this is a copy of it",
    );
  }
  if (content.explained.length > 0) {
    const changed = changedSentence(content).slice(2);
    if (isSerial) return answer("same", agreeing, `it was mounted or repaired since: ${changed}`);
    return answer("cannot tell", `${changed}, as after a mount or a repair; ${agreeing}`);
  }
  if (isSerial) return answer("same", agreeing);
  if (content.proofs >= ENOUGH_PROOFS || content.accepted > 0) return answer("same", agreeing);
  if (evidence.imageBytes === 0) return answer("same", "the image has nothing that could be mixed");
  const isHarmless = evidence.comparedBytes === evidence.imageBytes && !evidence.hasFailures;
  return { ...answer("cannot tell", `too little can be compared: ${agreeing}`), isHarmless };
}

/** Whether the content alone proves that it is the same. */
export function isProven(findings: readonly Finding[]): boolean {
  return contentOf(findings).proofs >= ENOUGH_PROOFS;
}

function contentOf(findings: readonly Finding[]): Content {
  const of = (result: Finding["result"]) => findings.filter((finding) => finding.result === result);
  const equal = of("equal");
  return {
    proofs: equal.filter(({ isTelling, isHead }) => isTelling && !isHead).length,
    equal: equal.length,
    accepted: of("accepted").length,
    explained: of("explained"),
    different: of("differs"),
    unreadable: of("unreadable").length,
  };
}

// --- sizes ----------------------------------------------------------------------------------------

/** True when neither this size nor one that is close has been seen. */
function isOtherSize({ sizes, size, sectorSize, knownSectorSize }: Evidence): boolean {
  const group = GROUP_SECTORS * Math.max(sectorSize, knownSectorSize ?? 0);
  return sizes.length > 0 && !sizes.some((known) => Math.abs(known - size) < group);
}

function sizeSentence({ sizes, size }: Evidence): string {
  const known = sizes.at(-1)!;
  const [difference, word] = size > known ? [size - known, "fewer"] : [known - size, "more"];
  return `has ${known} bytes, ${difference} ${word} than the device`;
}

function remarksOn(evidence: Evidence): string[] {
  const { knownSectorSize, sectorSize } = evidence;
  if (knownSectorSize === null || knownSectorSize === sectorSize) return [];
  return [`the device's sectors have ${sectorSize} bytes now, and had ${knownSectorSize}`];
}

// --- sentences ------------------------------------------------------------------------------------

function agreeingSentence({ serial, ids, findings }: Evidence, content: Content): string {
  const parts: string[] = [];
  if (serial.verdict === "agrees") parts.push(`the serial number ${printable(serial.now!)}`);
  parts.push(...ids.filter(({ known, now }) => known === now).map(({ what }) => `the ${what}`));
  const telling =
    findings.filter(({ result, isTelling }) => result === "equal" && isTelling).length;
  if (telling > 0) parts.push(`${places(telling)} of the image`);
  if (content.accepted > 0) parts.push(`${places(content.accepted)} that --force was used for`);
  const blank = content.equal - telling;
  if (blank > 0) parts.push(`${places(blank)} of which many media have the same`);
  const unreadable = content.unreadable > 0 ? `, ${places(content.unreadable)} cannot be read` : "";
  if (parts.length === 0) return `nothing could be compared${unreadable}`;
  const verb = parts.length === 1 && !/^[02-9]|^1\d/.test(parts[0]!) ? "agrees" : "agree";
  return `${joined(parts)} ${verb}${unreadable}`;
}

function differingSentence({ different }: Content, ids: Evidence["ids"]): string {
  const parts = ids.map(({ what, known, now }) =>
    `its ${what} is ${printable(now)}, not ${printable(known)}`
  );
  const [first] = different;
  if (first !== undefined) {
    const more = different.length - 1;
    const rest = more > 0 ? ` and ${places(more)} more differ` : " differ";
    parts.push(
      first.what === undefined
        ? `its ${formatSize(first.length)} at ${first.offset}${rest} from the image`
        : `its ${first.what}${more > 0 ? rest : " differs"}`,
    );
  }
  return joined(parts);
}

/** "; its 64 KiB at 0 have changed (superblock)", or nothing. */
function changedSentence({ explained }: Content): string {
  const [first] = explained;
  if (first === undefined) return "";
  const more = explained.length - 1;
  const where = first.offset === 0
    ? `its first ${formatSize(first.length)}`
    : `its ${formatSize(first.length)} at ${first.offset}`;
  return `; ${where}${more > 0 ? ` and ${places(more)} more` : ""} changed since (${first.what})`;
}

function serialSentence({ serial, usbSerial }: Evidence): string {
  const [name, { known, now }] = serial.verdict === "differs"
    ? ["its serial number", serial]
    : ["the serial number that USB tells", usbSerial];
  return `${name} is ${printable(now!)}, not ${printable(known!)}`;
}

function places(count: number): string {
  return `${count} ${count === 1 ? "place" : "places"}`;
}

function joined(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/**
 * The stricter rule for a disk that has come back by itself during a run: the user has not attached it with the
 * image in mind, and cannot be asked. "Same" needs a proof: the serial number, or enough content that tells media apart.
 */
export function decideReturned(
  evidence: Evidence,
): Pick<Decision, "answer" | "reason" | "remarks"> {
  const decision = decideMedium(evidence);
  if (decision.answer !== "same") return decision;
  if (evidence.serial.verdict === "agrees" || isProven(evidence.findings)) return decision;
  return {
    answer: "cannot tell",
    reason: "it tells no serial number, and too little was read of it to know it again",
    remarks: [],
  };
}
