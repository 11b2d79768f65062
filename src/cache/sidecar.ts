// The file beside an image that says of which device it is: IMAGE.json. ddrescue drops foreign comments from
// a mapfile, so this cannot live there alone.
import { printable, printableJson } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import type { Identity } from "../file/identity.ts";
import { identityFromJson, identityToJson } from "../file/identity_json.ts";

/** What the sidecar holds besides the identity, for a person who finds it. */
export interface SidecarNotes {
  /** As it was named on the command line. */
  readonly device: string;
  /** Version of blkcache. */
  readonly program: string;
}

export function sidecarPathOf(imagePath: string): string {
  return `${imagePath}.json`;
}

export function formatSidecar(identity: Identity, notes: SidecarNotes): string {
  return printableJson({ ...notes, identity: identityToJson(identity) }, 2) + "\n";
}

/** @returns undefined when there is none. @throws {UserError} when it is damaged. */
export function readSidecar(path: string): Identity | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new UserError(`cannot read "${printable(path)}": ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    return identityFromJson(JSON.parse(text).identity);
  } catch (error) {
    if (
      !(error instanceof UserError || error instanceof SyntaxError || error instanceof TypeError)
    ) {
      throw error;
    }
    throw new UserError(`sidecar "${printable(path)}" is damaged: ${error.message}`, {
      hints: ["move it away: the image is then compared with the device instead"],
      cause: error,
    });
  }
}
