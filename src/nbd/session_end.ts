// How a session ends: the reasons for the log, the client's good-bye, and a violation of the protocol.
import { NBD_CMD_DISC, NBD_EXTENDED_REQUEST_MAGIC, NBD_REQUEST_MAGIC } from "./constants.ts";
import { EXTENDED, type ReplyMode } from "./negotiated.ts";

/**
 * `idle`: the client is silent and the session is not over. `left`: the client said good-bye. `gone`: its connection
 * ended without a good-bye. `ending`: the backend is ending. `violation`: the client broke the protocol or a limit, and
 * the server closed the connection.
 */
export type SessionEndReason = "idle" | "left" | "gone" | "ending" | "violation";

/** How a session ended; the message says more, or nothing. */
export interface SessionEnd {
  readonly reason: SessionEndReason;
  readonly message: string;
}

/** Bytes of a request that `isGoodbye` looks at. */
export const GOODBYE_BYTES = 8;

/**
 * Whether the bytes begin with NBD_CMD_DISC: a silent client that only disconnects needs no session.
 * @param bytes the received bytes, from the start of a request on.
 */
export function isGoodbye(bytes: Uint8Array, mode: ReplyMode): boolean {
  if (bytes.length < GOODBYE_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = mode === EXTENDED ? NBD_EXTENDED_REQUEST_MAGIC : NBD_REQUEST_MAGIC;
  return view.getUint32(0) === magic && view.getUint16(6) === NBD_CMD_DISC;
}

/**
 * The client broke the protocol, so the byte stream cannot be trusted or must not be answered: the server closes the
 * connection. The message is for the log.
 */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}
