// Reads a mapfile that stands on the command line.

import { UserError } from "../base/errors.ts";
import { readNamedMapfile } from "../opening/read_mapfile.ts";
import { statPathIfThere } from "../host/path_stat.ts";
import { parseMapfile, type ParseOptions } from "../map/mapfile.ts";
import type { NamedMapfile } from "../ui/map_subject.ts";
import { shellQuote } from "../base/shell_command.ts";

/** @throws {UserError} when it cannot be read, or is no mapfile. */
export function readMapfileArgument(path: string, options: ParseOptions = {}): NamedMapfile {
  try {
    return { path, mapfile: parseMapfile(readNamedMapfile(path, options), path, options) };
  } catch (error) {
    const beside = `${path}.map`;
    if (!(error instanceof UserError) || statPathIfThere(beside) === undefined) throw error;
    const hints = [`blkcache map ${shellQuote(beside)}`];
    throw new UserError(error.message, { hints, exitCode: error.exitCode, cause: error });
  }
}
