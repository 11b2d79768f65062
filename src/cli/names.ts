// Names that are not UTF-8, where they cannot work: Deno takes neither arguments nor a current directory with such
// bytes. They are refused with a sentence before anything is made. On the way behind a symbolic link they do work.

import { usageError, UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { readSpecialFile } from "../host/special_file.ts";

/** What Deno puts in place of such bytes. The compiled program does not even start with them. */
const REPLACEMENT = "\ufffd";
const NOT_UTF8 = /[\udc80-\udcff]/u;

/** @throws {UserError} when an argument is not UTF-8, so that its bytes are lost. */
export function checkArguments(args: readonly string[]): void {
  if (!args.some((arg) => arg.includes(REPLACEMENT))) return;
  const written = (readSpecialFile("/proc/self/cmdline") ?? "").split("\0");
  const name = written.find((word) => NOT_UTF8.test(word));
  if (name === undefined) return;
  throw usageError(
    `"${printable(name)}" is not UTF-8, and cannot be named here`,
    "make a link to it: ln -s DIRECTORY link, and name what is in link/",
  );
}

/** @throws {UserError} when the current directory has no name that can be used, or none at all. */
export function checkCurrentDirectory(): void {
  try {
    Deno.cwd();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UserError("the current directory has been removed, or its name is not UTF-8", {
      hints: ["cd / and name files with their whole path, or by a symbolic link"],
      cause: error,
    });
  }
}
