// Reads a mapfile from disk, or the previous one where the last was lost. Main thread, at start.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { type Mapfile, MapfileError, parseMapfile, type ParseOptions } from "../map/mapfile.ts";

/** Largest mapfile that is read, bytes: some ten million areas. */
const MAX_MAPFILE_BYTES = 1 << 29;

const HINTS = ["name a mapfile that ddrescue or blkcache has written, and that you can read"];

/**
 * The mapfile at `path`; its `.bak` when it is missing, empty or torn and the `.bak` is whole.
 * @returns undefined when there is neither.
 * @throws {UserError} when a mapfile is there but cannot be used.
 */
export function readMapfile(
  path: string,
  warn: (message: string, hints: readonly string[]) => void,
): Mapfile | undefined {
  const backupPath = `${path}.bak`;
  let mapfile: Mapfile | undefined;
  let failure: MapfileError | undefined;
  try {
    mapfile = parseIfThere(path);
    if (mapfile !== undefined && mapfile.positions.length > 0) return mapfile;
  } catch (error) {
    if (!(error instanceof MapfileError)) throw error;
    failure = error;
  }
  const backup = parseBackup(backupPath);
  if (backup === undefined) {
    if (failure === undefined) return mapfile;
    throw failure;
  }
  const state = failure ? "is damaged" : mapfile ? "is empty" : "is missing";
  warn(`mapfile "${printable(path)}" ${state}; going on with "${printable(backupPath)}"`, [
    "what was read after that one was saved will be read again",
  ]);
  return backup;
}

function parseBackup(path: string): Mapfile | undefined {
  try {
    const backup = parseIfThere(path);
    return backup !== undefined && backup.positions.length > 0 ? backup : undefined;
  } catch (error) {
    if (error instanceof MapfileError) return undefined;
    throw error;
  }
}

/** The mapfile at `path` and no other. @throws {UserError} as `readMapfile`. */
export function parseIfThere(path: string, options: ParseOptions = {}): Mapfile | undefined {
  let content: Uint8Array;
  try {
    if (Deno.statSync(path).size > MAX_MAPFILE_BYTES) {
      throw new UserError(`"${printable(path)}" is too large for a mapfile`, { hints: HINTS });
    }
    content = Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof UserError || !(error instanceof Error)) throw error;
    throw new UserError(`cannot read mapfile "${printable(path)}": ${error.message}`, {
      hints: HINTS,
      cause: error,
    });
  }
  return parseMapfile(content, path, options);
}
