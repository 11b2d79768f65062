// What the FUSE code needs of /dev/fuse. The session's worker gives it descriptors; tests play the kernel.
// Everything here blocks the calling thread, which does nothing else.
// Source: include/uapi/linux/fuse.h, struct fuse_notify_retrieve_out.
import { FUSE_NOTIFY_RETRIEVE, FUSE_OUT_HEADER_BYTES, FUSE_ROOT_ID } from "./constants.ts";

const NOTIFY_RETRIEVE_OUT_BYTES = 32;

/** The file is no longer mounted, or main wants this thread to leave (`leaveNotice`): its session is over. */
export class Unmounted extends Error {
  override name = "Unmounted";
}

/** One thread's connection to the kernel, with its two fixed buffers. */
export interface Kernel {
  /** A request lies at its start: INPUT_BYTES at least. */
  readonly input: Uint8Array;
  /** OUTPUT_BYTES at least. */
  readonly output: Uint8Array;
  /**
   * The way by which the last request has come: a small number. The kernel takes its reply only there.
   */
  readonly lane: number;
  /**
   * Blocks until there is a request.
   * @returns its length in bytes.
   * @throws {Unmounted}
   */
  receive(): number;
  /** As `receive`, but never blocks. @returns 0 when there is no request. */
  tryReceive(): number;
  /** Sends the reply `output[start..end)`. Drops it when no program waits for it any more. */
  send(lane: number, start: number, end: number): void;
  /**
   * Blocks until there is a request, a parked read has ended, another thread has called, or the time is
   * over. It may return early.
   * @param timeoutMs milliseconds; -1 waits for ever.
   * @param receiving false while the session takes no further requests: they do not wake it then.
   */
  wait(timeoutMs: number, receiving: boolean): void;
  /** Makes every other session's thread return from `wait`, now or when it gets there. */
  callOthers(): void;
}

/**
 * A notice that makes a thread leave which blocks in the kernel's queue of readers: only a request, or the end of the
 * mount, wakes it there. The notice asks the kernel for cached bytes of the file, none in fact, and comes back as a
 * request (FUSE_NOTIFY_REPLY) that no program waits for; one thread receives it. Main writes it once for each thread,
 * by any lane.
 */
export function leaveNotice(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FUSE_OUT_HEADER_BYTES + NOTIFY_RETRIEVE_OUT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  // In the place of an error; the number of the request is 0.
  view.setInt32(4, FUSE_NOTIFY_RETRIEVE, true);
  view.setUint32(FUSE_OUT_HEADER_BYTES + 8, FUSE_ROOT_ID, true);
  return bytes;
}
