// Goes on with an image, or refuses to: asks medium_decision.ts, and puts its answer into words that say what each
// option does. The thread that opens the cache.
import { printable } from "../base/printable.ts";
import { type Typed, typedAgain } from "../base/shell_command.ts";
import type { Accepted, Identity, Stretch } from "../identity/identity.ts";
import { decideMedium, type Decision } from "../identity/medium_decision.ts";
import { MediumRefused } from "../device/medium_errors.ts";
import { gatherEvidence } from "./gather_evidence.ts";
import type { Subject } from "./image_device_comparison.ts";
import { FINISHED } from "../map/statuses.ts";

/** What the user has asked for. */
export interface Confirmation extends Typed {
  /** As it was named, or found. */
  readonly imagePath: string;
  /** IMAGE was named on the command line. */
  readonly isNamed: boolean;
  /** Go on although blkcache cannot tell. */
  readonly force: boolean;
  readonly warn: (message: string, hints: readonly string[]) => void;
}

/** Differences that are remembered at most: each costs a read at the next start. */
const MOST_ACCEPTED = 4;

/** What came of it. */
export interface Confirmed {
  /** To be written down beside the image. */
  readonly accepted: Accepted;
  /** What stands beside the image is of this medium; else nothing is known but that nothing can be mixed. */
  readonly isProven: boolean;
}

/**
 * Compares the device with what is known of the image.
 * @throws {MediumRefused} when it is another medium, or blkcache cannot tell and the user has not used --force.
 */
export function confirmMedium(confirmation: Confirmation, subject: Subject): Confirmed {
  const { imagePath, force, warn } = confirmation;
  const { evidence, changed } = gatherEvidence(subject);
  const decision = decideMedium(evidence);
  const name = `the image "${printable(imagePath)}"`;
  if (decision.answer === "other") throw otherMedium(decision, confirmation);
  if (decision.answer === "cannot tell") {
    if (!force && !decision.isHarmless) throw unknownMedium(decision, confirmation);
    if (!decision.isHarmless) {
      warn(`going on with ${name} because of --force, though it may be of another device`, [
        whyUnknown(decision),
      ]);
    }
  } else if (decision.size !== null) warn(`${name} ${decision.size}`, ["going on with it"]);
  for (const remark of decision.remarks) warn(`${name}: ${remark}`, ["going on with it"]);
  if (evidence.imageBytes === 0 && evidence.hasFailures) {
    warn(`${name} has no data yet, only what an earlier run could not read`, [
      "if that was another device, --try-again has all of it tried",
    ]);
  }
  return { accepted: accepted(subject, decision, changed), isProven: !decision.isHarmless };
}

/** The refusal of a medium that is another one. */
export function otherMedium({ reason }: Decision, confirmation: Confirmation): MediumRefused {
  return new MediumRefused(
    `image "${printable(confirmation.imagePath)}" is of another device: ${reason}`,
    { hints: [anewHint(confirmation)] },
  );
}

/** The question whether to go on. */
export function unknownMedium(decision: Decision, confirmation: Confirmation): MediumRefused {
  const { imagePath } = confirmation;
  const name = `image "${printable(imagePath)}"`;
  return new MediumRefused(
    decision.size === null
      ? `cannot tell whether ${name} is of this device: ${decision.reason}`
      : `${name} ${decision.size}, so that it may be of another one: ${decision.reason}`,
    {
      hints: [
        "if it is, --force goes on with it and keeps all that it has: " +
        typedAgain(confirmation, imagePath, "--force "),
        anewHint(confirmation),
      ],
    },
  );
}

function whyUnknown({ size, reason }: Decision): string {
  return size === null ? reason : `it ${size}; ${reason}`;
}

function anewHint(confirmation: Confirmation): string {
  const { imagePath, isNamed } = confirmation;
  const other = typedAgain(confirmation, imagePath.replace(/(\.img)?$/, "-2.img"));
  return `if it is not, name another IMAGE${isNamed ? ", or leave it out" : ""}; ` +
    `this one stays as it is: ${other}`;
}

/** The user is asked each question once. */
function accepted(
  { knownIdentity, now, map }: Subject,
  { isHarmless }: Decision,
  changed: readonly Stretch[],
): Accepted {
  // Of an image without data, and of one that could as well be of another medium, nothing was accepted.
  const old = isHarmless || map.total(FINISHED) === 0 ? undefined : knownIdentity;
  const { sizes = [], serials = [] } = old?.accepted ?? {};
  const others = (list: readonly (number | null | undefined)[], present: number) =>
    [...new Set(list)].filter((each): each is number => each != null && each !== present);
  const known = [old?.serial, old?.usbSerial, ...serials];
  const current = [now.serial, now.usbSerial];
  return {
    stretches: changed.slice(0, MOST_ACCEPTED),
    sizes: others([...sizes, old?.size], now.size),
    serials: [...new Set(known)].filter((each): each is string =>
      each != null && !current.includes(each)
    ),
  };
}

/** What is to be written down of a medium that goes on: an adapter that tells less takes nothing away. */
export function completed(
  identity: Identity,
  knownIdentity: Identity | undefined,
  accepted: Accepted,
): Identity {
  return {
    ...identity,
    fingerprint: identity.fingerprint ?? knownIdentity?.fingerprint ?? null,
    model: identity.model ?? knownIdentity?.model ?? null,
    serial: identity.serial ?? knownIdentity?.serial ?? null,
    usbSerial: identity.usbSerial ?? knownIdentity?.usbSerial ?? null,
    partition: identity.partition ?? knownIdentity?.partition ?? null,
    volume: identity.volume ?? knownIdentity?.volume ?? null,
    accepted,
  };
}
