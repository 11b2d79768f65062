// Flags of open(2) (asm-generic/fcntl.h; arch/arm64/include/uapi/asm/fcntl.h). Three differ on aarch64, the
// only tables of this folder that depend on the machine.
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

const ARCH: Arch = checkedArch(Deno.build.arch, Deno.build.os);

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NOCTTY = 0o400;
export const O_TRUNC = 0o1000;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
/** Names a file without opening it. */
export const O_PATH = 0o10000000;

/** The flags that depend on the machine. */
export const OPEN_FLAGS_BY_ARCH: Readonly<
  Record<Arch, { O_DIRECT: number; O_DIRECTORY: number; O_NOFOLLOW: number }>
> = {
  x86_64: { O_DIRECT: 0o40000, O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000 },
  aarch64: { O_DIRECT: 0o200000, O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000 },
};

export const { O_DIRECT, O_DIRECTORY, O_NOFOLLOW } = OPEN_FLAGS_BY_ARCH[ARCH];
