// An image or an overlay that somebody works with.
import { UserError } from "../base/errors.ts";

/** Another program has it, or this one, which has not let go of it yet. */
export class FileInUse extends UserError {
  override name = "FileInUse";
}
