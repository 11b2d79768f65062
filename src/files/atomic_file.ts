// Replaces a whole file so that no instant shows half of it. Main thread; every step that may wait for a disk is
// made elsewhere, because a sick target disk can hold an fsync for seconds. See replacement.ts.
import { dirname } from "@std/path";
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { EACCES, EDQUOT, EFBIG, EISDIR, ENOSPC } from "../sys/errno.ts";
import { SystemError } from "../sys/system_error.ts";
import { type DiskCalls, type DistantDisk, makeElsewhere } from "./disk.ts";
import { type DurableClaims, saveClaims } from "./durable_claims.ts";
import { type Entry, findEntry } from "./entry.ts";
import { replacement } from "./replacement.ts";

/** Of a new file, less the umask. */
const DEFAULT_MODE = 0o644;

/** One file that is only ever replaced whole. One instance a path: it puts its replacements in order. */
export class AtomicFile {
  readonly path: string;
  readonly #backup: boolean;
  readonly #mode: number;
  readonly #disk: DistantDisk | undefined;
  /** Found with the first replacement; its directory is held until `close`. */
  #entry: Entry | undefined;
  #last: Promise<void> = Promise.resolve();

  /**
   * @param options.backup keep the previous content as `path.bak`; `mode` of a new file (default 0644); `disk`
   *   makes the calls.
   */
  constructor(
    path: string,
    options: { backup?: boolean; mode?: number; disk?: DistantDisk | undefined } = {},
  ) {
    this.path = path;
    this.#backup = options.backup ?? false;
    this.#mode = options.mode ?? DEFAULT_MODE;
    this.#disk = options.disk;
  }

  /** Where the previous content is kept when `backup` is on. */
  get backupPath(): string {
    return `${this.path}.bak`;
  }

  /**
   * Replaces the content; when it returns, the new one has reached the disk. A call waits for the one
   * before it. At every instant the target or, on file systems without hard links, its `.bak` is whole.
   * @throws {UserError} when a call fails. Before the rename the target is as it was, and no half-written file stays.
   *   After the rename the target has the new content, which a power cut may still undo (the folder was not synced).
   */
  replace(content: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return this.#inTurn(() => this.#replacement(bytes));
  }

  /**
   * Replaces the content by claims about the bytes of another file, which reach the disk first. A call waits for
   * the one before it.
   * @throws {UserError} as `replace`. @throws {SystemError} when the bytes cannot be synced: nothing is replaced.
   */
  save<Snapshot>(claims: DurableClaims<Snapshot>): Promise<void> {
    return this.#inTurn(() => saveClaims(claims, (content) => this.#replacement(content)));
  }

  /** Lets go of the directory, after any replacement under way. */
  async close(): Promise<void> {
    await this.#last;
    this.#entry?.[Symbol.dispose]();
    this.#entry = undefined;
  }

  #inTurn(calls: () => DiskCalls<void>): Promise<void> {
    const turn = this.#last.then(() => makeElsewhere(calls(), this.#disk));
    this.#last = turn.catch(() => undefined); // the failure belongs to the caller of that turn alone
    return turn;
  }

  *#replacement(bytes: Uint8Array<ArrayBuffer>): DiskCalls<void> {
    try {
      if (this.#entry === undefined) {
        this.#entry = findEntry(this.path, { followLink: true });
        this.#entry.look();
      }
      yield* replacement(this.#entry, bytes, { mode: this.#mode, backup: this.#backup });
    } catch (error) {
      if (error instanceof SystemError) throw saveError(this.path, error);
      throw error;
    }
  }
}

function saveError(path: string, cause: SystemError): UserError {
  const hints: string[] = [];
  const inTheWay = cause.path === undefined ? "" : printable(cause.path);
  if (cause.errno === ENOSPC || cause.errno === EDQUOT) {
    hints.push(`make room in "${printable(dirname(path))}"; it is tried again at the next save`);
  } else if (cause.errno === EFBIG) {
    hints.push(
      "raise the limit on the size of files: ulimit -f; it is tried again at the next save",
    );
  } else if (cause.errno === EISDIR) {
    hints.push(`move it away: mv "${inTheWay}" "${inTheWay}.old"`);
  } else if (cause.errno === EACCES && cause.syscall === "unlinkat") {
    hints.push(`it belongs to another user: move "${inTheWay}" away`);
  }
  return new UserError(`cannot save "${printable(path)}": ${cause.message}`, { hints, cause });
}
