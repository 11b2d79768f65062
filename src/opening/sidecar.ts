// The file beside an image that says of which device it is: IMAGE.json. ddrescue drops foreign comments from
// a mapfile, so this cannot live there alone.
import { printable, printableJson } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { findEntryIfFolder } from "../files/entry.ts";
import type { Identity } from "../identity/identity.ts";
import { identityFromJson, identityToJson } from "../identity/identity_json.ts";
import { readEntry, type WholeFile } from "../files/read_whole.ts";

/** What the sidecar holds besides the identity, for a person who finds it. */
export interface SidecarNotes {
  /** As it was named on the command line. */
  readonly device: string;
  /** Version of blkcache. */
  readonly program: string;
}

/** We write a few KiB; another version may write more. */
export const MOST_SIDECAR_BYTES = 2 ** 20;

const READABLE: WholeFile = {
  what: "sidecar",
  mostBytes: MOST_SIDECAR_BYTES,
  hints: ["move it away: the image is then compared with the device instead"],
};

export function sidecarPathOf(imagePath: string): string {
  return `${imagePath}.json`;
}

export function formatSidecar(identity: Identity, notes: SidecarNotes): string {
  return printableJson({ ...notes, identity: identityToJson(identity) }, 2) + "\n";
}

/** @returns undefined when there is none. @throws {UserError} when it is damaged. */
export function readSidecar(path: string): Identity | undefined {
  using entry = findEntryIfFolder(path);
  const content = entry && readEntry(entry, READABLE);
  if (content === undefined) return undefined;
  try {
    return identityFromJson(identityIn(new TextDecoder().decode(content)));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`sidecar "${printable(path)}" is damaged: ${error.message}`, {
      hints: ["move it away: the image is then compared with the device instead"],
      cause: error,
    });
  }
}

/** The engine's own sentence would show content of the file, so it is dropped. */
function identityIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "identity" in value) return value.identity;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError("it is not JSON");
  }
  throw new UserError("it has no identity");
}
