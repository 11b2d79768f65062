// Whether a disk that has come back by itself, in the middle of a run, is the one that has gone. Pure. The rule of the
// start, and stricter: nobody has put this disk there with the image in mind, and nobody is asked.
import { decideMedium, type Decision, isProven } from "./medium_decision.ts";
import type { Evidence } from "./medium_evidence.ts";

/** "same" has to be proved: by the serial number, or by enough content that tells media apart. */
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
