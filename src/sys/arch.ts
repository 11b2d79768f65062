// The machine that we run on. Only what differs between the two we support depends on it.
import { UserError } from "../base/errors.ts";

/** "x86_64" or "aarch64"; the tables of this folder hold for no other. */
export type Arch = "x86_64" | "aarch64";

/** The machine's name, checked. @throws {UserError} on any other machine or system. */
export function checkedArch(arch: string, os: string): Arch {
  if (os === "linux" && (arch === "x86_64" || arch === "aarch64")) return arch;
  throw new UserError(
    `cannot run on ${os} on ${arch}: only Linux on x86_64 and aarch64 is supported`,
  );
}

export const ARCH: Arch = checkedArch(Deno.build.arch, Deno.build.os);
