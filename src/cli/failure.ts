// The message when something has failed, and its exit code.

import { AssertionError } from "../base/assert.ts";
import { UserError } from "../base/errors.ts";
import { SystemError } from "../sys/system_error.ts";
import type { Terminal } from "../ui/terminal.ts";
import { EXIT_FAILURE, exitMeaning } from "../base/exit_codes.ts";

/** Tells the user what went wrong. @returns the exit code. */
export function reportFailure(error: unknown, terminal: Terminal): number {
  const { message, hints, exitCode } = failure(error);
  if (terminal.json) {
    const meaning = exitMeaning(exitCode);
    terminal.record({ event: "error", message, hints, exitCode, meaning });
  }
  terminal.clearStatus();
  terminal.error(message, hints);
  if (error instanceof AssertionError) terminal.stack(error.stack ?? "");
  else for (const stack of stacks(error)) terminal.debug(stack);
  return exitCode;
}

function failure(error: unknown): { message: string; hints: readonly string[]; exitCode: number } {
  if (error instanceof UserError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof AssertionError) {
    const hints = ["this is a bug in blkcache; please report it with the lines below"];
    return { message: `assertion failed: ${message}`, hints, exitCode: EXIT_FAILURE };
  }
  if (error instanceof SystemError) return { message, hints: [], exitCode: EXIT_FAILURE };
  const hints = ["for the details, run it again with --log-level debug"];
  return { message: `unexpected: ${message}`, hints, exitCode: EXIT_FAILURE };
}

/** The error's stack, then those of its causes. */
function* stacks(error: unknown): Generator<string> {
  for (let cause = error; cause instanceof Error; cause = cause.cause) yield cause.stack ?? "";
}
