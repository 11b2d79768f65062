// mount(2) and umount2(2); both need CAP_SYS_ADMIN.
import { cString } from "./c_string.ts";
import { libc } from "./libc.ts";
import { retried, unwrap } from "./system_error.ts";

// linux/mount.h
export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
// umount2(2), sys/mount.h
export const MNT_FORCE = 1;
export const MNT_DETACH = 2;
export const UMOUNT_NOFOLLOW = 8;

/**
 * Mounts a file system of `type` on `target`. `data` is the file system's own option string.
 * @throws {SystemError} e.g. EPERM, EBUSY, ENODEV when the kernel does not know `type`.
 */
export function mount(
  source: string,
  target: string,
  type: string,
  flags: number,
  data: string,
): void {
  const [from, to, kind, options] = [source, target, type, data].map(cString);
  const result = retried(() => libc.mount(from!, to!, kind!, BigInt(flags), options!));
  unwrap(result, "mount", { path: target });
}

/**
 * Unmounts the file system on `target`; MNT_DETACH hides it now and ends it after its last user.
 * @throws {SystemError} EINVAL when nothing is mounted there, EBUSY, EPERM.
 */
export function unmount(target: string, flags: number): void {
  const name = cString(target);
  unwrap(retried(() => libc.umount2(name, flags)), "umount2", { path: target });
}
