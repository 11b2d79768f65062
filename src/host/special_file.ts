// Small texts of /proc and /sys, which Deno's own file calls refuse. The kernel makes them up at each read.
import { nameOf } from "../sys/c_string.ts";
import { readLink } from "../sys/directory.ts";
import { closeFd, openFile, pread, pwrite } from "../sys/fd.ts";
import { O_NOFOLLOW, O_PATH, O_RDONLY, O_WRONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";

// Long enough for an attribute in one read; a mount table takes several.
const CHUNK_BYTES = 16_384;

/**
 * The whole content, names in it as `nameOf` makes them; undefined when there is no such file or the driver does not answer, which sysfs
 * says in many ways (ENOENT, ENODEV, ENXIO, EIO, EINVAL...).
 */
export function readSpecialFile(path: string): string | undefined {
  const bytes = readSpecialBytes(path);
  return bytes && nameOf(bytes);
}

/** As `readSpecialFile`, for the few attributes that are not text. */
export function readSpecialBytes(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const fd = openFile(path, O_RDONLY);
    try {
      return readAll(fd);
    } finally {
      closeFd(fd);
    }
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

/** The target of a symbolic link; undefined when there is no such link. */
export function readSpecialLink(path: string): string | undefined {
  try {
    const fd = openFile(path, O_PATH | O_NOFOLLOW);
    try {
      return readLink(fd, path);
    } finally {
      closeFd(fd);
    }
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

/** Writes an attribute. @throws {SystemError} e.g. EACCES, EROFS (sysfs of a container). */
export function writeSpecialFile(path: string, text: string): void {
  const fd = openFile(path, O_WRONLY);
  try {
    pwrite(fd, new TextEncoder().encode(text), 0);
  } finally {
    closeFd(fd);
  }
}

function readAll(fd: number): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(CHUNK_BYTES);
  for (let length = 0;;) {
    const count = pread(fd, bytes.subarray(length), length);
    length += count;
    if (length < bytes.length) return bytes.subarray(0, length);
    const larger = new Uint8Array(bytes.length * 2);
    larger.set(bytes);
    bytes = larger;
  }
}
