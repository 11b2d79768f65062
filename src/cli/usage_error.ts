// The one way to refuse a command line.

import { UserError } from "../base/errors.ts";
import { EXIT_USAGE } from "../base/exit_codes.ts";

/** A wrong command line: one sentence, then what to type instead. */
export function usageError(message: string, ...hints: string[]): UserError {
  return new UserError(message, { hints, exitCode: EXIT_USAGE });
}
