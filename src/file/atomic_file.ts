// Replaces a whole file so that no instant shows half of it: temporary file beside the target, fsync,
// rename, fsync of the directory. Main thread; every step is asynchronous, because a sick target disk
// can hold an fsync for seconds. Goes through Deno's own calls, so not for paths under /dev.
import { dirname } from "@std/path";
import { UserError } from "../base/errors.ts";

/** One file that is only ever replaced whole. One instance a path: it puts its replacements in order. */
export class AtomicFile {
  readonly path: string;
  readonly #backup: boolean;
  readonly #mode: number;
  #last: Promise<void> = Promise.resolve();

  /** @param options.backup keep the previous content as `path.bak`; `mode` of a new file (default 0644). */
  constructor(path: string, options: { backup?: boolean; mode?: number } = {}) {
    this.path = path;
    this.#backup = options.backup ?? false;
    this.#mode = options.mode ?? 0o644;
  }

  /** Where the previous content is kept when `backup` is on. */
  get backupPath(): string {
    return `${this.path}.bak`;
  }

  /**
   * Replaces the content; when it returns, the new one has reached the disk. A call waits for the one
   * before it. At every instant the target or, on file systems without hard links, its `.bak` is whole.
   * @throws {UserError} when it cannot be done: the target is as it was, and nothing half-written stays.
   */
  replace(content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const turn = this.#last.then(() => this.#replace(bytes));
    this.#last = turn.catch(() => undefined); // the failure belongs to the caller of that turn alone
    return turn;
  }

  async #replace(bytes: Uint8Array): Promise<void> {
    const temporary = `${this.path}.tmp`;
    try {
      await writeNew(temporary, bytes, this.#mode);
      const moved = this.#backup && await this.#keepPrevious();
      try {
        await Deno.rename(temporary, this.path);
      } catch (error) {
        if (moved) await Deno.rename(this.backupPath, this.path);
        throw error;
      }
      await syncDirectory(dirname(this.path));
    } catch (error) {
      await removeIfThere(temporary);
      throw saveError(this.path, error);
    }
  }

  /**
   * Keeps the previous content as `.bak`: as a second link, so that the target never goes missing, or by
   * moving the target where the file system has no links (FAT).
   * @returns true when the target was moved away.
   */
  async #keepPrevious(): Promise<boolean> {
    const link = `${this.backupPath}.tmp`;
    try {
      await removeIfThere(link);
      await Deno.link(this.path, link);
      await Deno.rename(link, this.backupPath);
      await removeIfThere(link); // rename(2) of two links to one file leaves both
      return false;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      await Deno.rename(this.path, this.backupPath);
      return true;
    }
  }
}

/** O_EXCL: a link that somebody has laid at the temporary name is never followed. */
async function writeNew(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await removeIfThere(path);
  using file = await Deno.open(path, { write: true, createNew: true, mode });
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
  await file.sync();
}

/** Makes the renames themselves durable. Some file systems (FUSE, CIFS) refuse it with EINVAL. */
async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path, { read: true });
  try {
    await directory.sync();
  } catch (error) {
    if (codeOf(error) !== "EINVAL") throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

function saveError(path: string, cause: unknown): UserError {
  const code = codeOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const hints = code === "ENOSPC" || code === "EDQUOT"
    ? [`make room in "${dirname(path)}"; it is tried again at the next save`]
    : [];
  return new UserError(`cannot save "${path}": ${reason}`, { hints, cause });
}
