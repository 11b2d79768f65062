// Why a session is over, for the log.

/**
 * `idle`: it is not over, the client only says nothing at the moment. `left`: the client said good-bye. `gone`: its connection ended without. `ending`: the source is ending.
 * `violation`: the client broke the protocol or a limit and was closed.
 */
export type EndReason = "idle" | "left" | "gone" | "ending" | "violation";

/** How a session ended; the message says more, or nothing. */
export interface SessionEnd {
  readonly reason: EndReason;
  readonly message: string;
}
