// Errors that are meant for a person.
import { EXIT_FAILURE, EXIT_USAGE } from "./exit_codes.ts";

/** Something the user can put right: one sentence, hints that can be pasted, and an exit code. */
export class UserError extends Error {
  override name = "UserError";
  readonly hints: readonly string[];
  readonly exitCode: number;

  constructor(
    message: string,
    options: { hints?: readonly string[]; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hints = options.hints ?? [];
    this.exitCode = options.exitCode ?? EXIT_FAILURE;
  }
}

/** The error for a wrong command line: one sentence, then hints with what to type instead. */
export function usageError(message: string, ...hints: string[]): UserError {
  return new UserError(message, { hints, exitCode: EXIT_USAGE });
}
