// Reads a mapfile that stands on the command line.

import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { isRegular, statPathIfThere } from "../file/path_stat.ts";
import { parseMapfile, type ParseOptions } from "../map/mapfile.ts";
import { closeFd, identityOf, openFile, pread } from "../sys/fd.ts";
import { O_RDONLY } from "../sys/open_flags.ts";
import type { NamedMapfile } from "../ui/map_subject.ts";
import { shellQuote } from "../ui/shell_quote.ts";

/** Larger ones are images that were named by mistake: this is room for some ten million areas. */
const MAX_MAPFILE_BYTES = 1 << 29;

/** @throws {UserError} when it cannot be read, or is no mapfile. */
export function readMapfileArgument(path: string, options: ParseOptions = {}): NamedMapfile {
  try {
    return { path, mapfile: parseMapfile(readMapfileBytes(path), path, options) };
  } catch (error) {
    const beside = `${path}.map`;
    if (!(error instanceof UserError) || statPathIfThere(beside) === undefined) throw error;
    const hints = [`blkcache map ${shellQuote(beside)}`];
    throw new UserError(error.message, { hints, exitCode: error.exitCode, cause: error });
  }
}

/** Not with Deno's own calls, which refuse all of /dev, /dev/shm too. @throws {SystemError} {UserError} */
export function readMapfileBytes(path: string): Uint8Array {
  const fd = openFile(path, O_RDONLY);
  try {
    const stat = identityOf(fd);
    if (!isRegular(stat)) throw new UserError(`"${printable(path)}" is not a regular file`);
    if (stat.size > MAX_MAPFILE_BYTES) {
      throw new UserError(`"${printable(path)}" is too large for a mapfile`);
    }
    const bytes = new Uint8Array(stat.size);
    return bytes.subarray(0, pread(fd, bytes, 0));
  } finally {
    closeFd(fd);
  }
}
