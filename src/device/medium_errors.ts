// Why a medium is not served although drive and program are in order: main then waits for another one.
import { UserError } from "../base/errors.ts";

/** The medium left while a thread was opening or identifying it. */
export class MediumLeft extends Error {
  override name = "MediumLeft";
}

/** The medium cannot be served: an audio disc, a blank one, or another one than the image is of. The next may do. */
export class MediumRefused extends UserError {
  override name = "MediumRefused";
}
