// How a file is saved that makes claims about the bytes of another, as a mapfile does: a snapshot of the claims,
// fdatasync of the bytes, and only then the file that claims them. A kill or a power cut at any moment leaves a
// file on the disk whose claims the bytes on the disk keep. This is the only place that knows the order; who needs
// it gives the parts.
import { cString } from "../sys/c_string.ts";
import {
  AT_EMPTY_PATH,
  type FileIdentity,
  identityIn,
  STATX_BASIC_STATS,
  statxBuffer,
} from "../sys/statx.ts";
import { unwrap } from "../sys/system_error.ts";
import type { DiskCalls } from "./disk.ts";

/** Claims about the bytes of a file. */
export interface DurableClaims<Snapshot> {
  /** Descriptor of the file with the bytes. */
  readonly data: number;
  /** Its path, for messages. */
  readonly dataPath: string;
  /** Takes the claims of this moment: their bytes have been written to the file, but may not have reached the disk. */
  snapshot(): Snapshot;
  /**
   * The content of the file that makes the claims; undefined when it makes them already. It is called when the
   * bytes have reached the disk, so that its call says so.
   * @param data what the file with the bytes is by then.
   */
  encode(snapshot: Snapshot, data: FileIdentity): Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Saves claims.
 * @param replace replaces the file that makes them, and returns when the new one has reached the disk.
 * @throws {SystemError} the file is as it was. Before `encode` was called, bytes may be lost: Linux forgets what it
 *   could not write, and a later sync would say that all is well. Also what `encode` and `replace` throw.
 */
export function* saveClaims<Snapshot>(
  claims: DurableClaims<Snapshot>,
  replace: (content: Uint8Array<ArrayBuffer>) => DiskCalls<void>,
): DiskCalls<void> {
  const { data, dataPath: path } = claims;
  const snapshot = claims.snapshot();
  unwrap(yield ["fdatasync", data], "fdatasync", { path });
  const content = claims.encode(snapshot, yield* identityOfOpen(data));
  if (content !== undefined) yield* replace(content);
}

/** As `identityOf`, when the disk may be slow to answer. @throws {SystemError} e.g. EIO, ESTALE. */
export function* identityOfOpen(fd: number): DiskCalls<FileIdentity> {
  const buffer = statxBuffer();
  const result = yield ["statx", fd, cString(""), AT_EMPTY_PATH, STATX_BASIC_STATS, buffer];
  unwrap(result, "statx", { fd });
  return identityIn(buffer);
}
