// A medium that cannot be served although drive and program are in order: the next one may do.
import { UserError } from "../base/errors.ts";

/** E.g. an audio disc, a blank one, or another one than the image is of. */
export class MediumRefused extends UserError {
  override name = "MediumRefused";
}
