// The domain of a fill: a mapfile whose finished blocks within the device count. Main
// thread, when a medium has been opened.
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { readNamedMapfile } from "../opening/read_mapfile.ts";
import { statPathIfThere } from "../host/path_stat.ts";
import type { FileMap } from "../map/file_map.ts";
import { parseMapfile } from "../map/mapfile.ts";
import { fileMapOf } from "../map/mapfile_conversion.ts";
import { FINISHED } from "../map/statuses.ts";
import type { DomainRequest } from "./serve_options.ts";

/**
 * A map of the device in which the domain is FINISHED. It is no save of ours: its backup says nothing, and what
 * it says beyond the end of the device has no meaning, as for ddrescue.
 * @throws {UserError} when it cannot be read, or holds nothing.
 */
export function readDomain({ path, isLoose, content }: DomainRequest, size: number): FileMap {
  if (content === undefined && statPathIfThere(path) === undefined) {
    throw new UserError(`there is no domain mapfile "${printable(path)}"`, {
      hints: ["--domain names a ddrescue mapfile whose finished blocks are to be read"],
    });
  }
  const bytes = content ?? readNamedMapfile(path, { isLoose });
  const domain = fileMapOf(parseMapfile(bytes, path, { isLoose }), size, path, { isCut: true });
  if (domain.total(FINISHED) === 0) {
    throw new UserError(
      `domain mapfile "${
        printable(path)
      }" has no finished blocks within the device (${size} bytes)`,
      { hints: ["only those are filled: name another one, or leave --domain out"] },
    );
  }
  return domain;
}
