// A violation after which the byte stream cannot be trusted, or must not be answered.

/** The client broke the protocol: its connection is closed. The message is for the log. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}
