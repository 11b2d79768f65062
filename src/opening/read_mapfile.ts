// Reads a mapfile from disk, or the previous one where the last was lost. At start, on main or on the thread that
// opens the cache.
import { printable } from "../base/printable.ts";
import { type Entry, findEntryIfFolder } from "../files/entry.ts";
import { LOOK_BYTES, readEntry, readNamed, type WholeFile } from "../files/read_whole.ts";
import {
  type Mapfile,
  MapfileError,
  MOST_MAPFILE_BYTES,
  parseMapfile,
  type ParseOptions,
} from "../map/mapfile.ts";

const LINE_END = 10;

/**
 * The mapfile at `path`; its `.bak` when it is missing, empty or torn and the `.bak` is whole.
 * @returns undefined when there is neither.
 * @throws {UserError} when a mapfile is there but cannot be used.
 */
export function readMapfile(
  path: string,
  warn: (message: string, hints: readonly string[]) => void,
): Mapfile | undefined {
  using entry = findEntryIfFolder(path, { followLink: true });
  if (entry === undefined) return undefined;
  let mapfile: Mapfile | undefined;
  let failure: MapfileError | undefined;
  try {
    mapfile = parseEntry(entry);
    if (mapfile !== undefined && mapfile.positions.length > 0) return mapfile;
  } catch (error) {
    if (!(error instanceof MapfileError)) throw error;
    failure = error;
  }
  const previous = entry.beside(".bak");
  const backup = parseBackup(previous);
  if (backup === undefined) {
    if (failure === undefined) return mapfile;
    throw failure;
  }
  const state = failure ? "is damaged" : mapfile ? "is empty" : "is missing";
  warn(`mapfile "${printable(path)}" ${state}; going on with "${printable(previous.path)}"`, [
    "what was read after that one was saved will be read again",
  ]);
  return backup;
}

function parseBackup(entry: Entry): Mapfile | undefined {
  try {
    const backup = parseEntry(entry);
    return backup !== undefined && backup.positions.length > 0 ? backup : undefined;
  } catch (error) {
    if (error instanceof MapfileError) return undefined;
    throw error;
  }
}

/** The mapfile at `path` and no other; undefined when there is none. @throws {UserError} as `readMapfile`. */
export function parseIfThere(path: string): Mapfile | undefined {
  using entry = findEntryIfFolder(path, { followLink: true });
  return entry && parseEntry(entry);
}

function parseEntry(entry: Entry): Mapfile | undefined {
  const content = readEntry(entry, readable(entry.path, {}));
  return content && parseMapfile(content, entry.path);
}

/** The content of a mapfile that the command line names to be read. @throws {UserError} also when it is none. */
export function readNamedMapfile(
  path: string,
  options: ParseOptions = {},
): Uint8Array<ArrayBuffer> {
  return readNamed(path, readable(path, options));
}

function readable(path: string, options: ParseOptions): WholeFile {
  return {
    what: "mapfile",
    mostBytes: MOST_MAPFILE_BYTES,
    hints: ["name a mapfile that ddrescue or blkcache has written, and that you can read"],
    checkHead(head) {
      // The last line may be cut off; a head without a line end is a line that no mapfile has.
      const end = head.lastIndexOf(LINE_END) + 1 || LOOK_BYTES;
      parseMapfile(head.subarray(0, end), path, options);
    },
  };
}
