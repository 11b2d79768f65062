// What the threads that answer requests for one medium are given, over NBD, as a file or as a kernel device. Main thread.
import type { SharedState } from "../shared/shared_state.ts";
import type { ServedMedium, SessionInit } from "../workers/session_init.ts";
import type { DescriptorUsers } from "./descriptor_users.ts";

/** A medium as it is served, to every kind of client. */
export interface Serving {
  readonly state: SharedState;
  readonly served: ServedMedium;
  /** How long a client waits for a read, milliseconds; 0: for ever. */
  readonly timeoutMs: number;
  /** The threads that use the descriptors of `served`. */
  readonly users: DescriptorUsers;
}

/** The order with which the thread of a session begins. */
export function sessionInit(serving: Serving, session: number): SessionInit {
  const { state, served, timeoutMs } = serving;
  return { state: state.buffer, sessions: state.sessions, session, served, timeoutMs };
}
