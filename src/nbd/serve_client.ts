// The transmission phase of one client, on the calling thread.

import { assert } from "../base/assert.ts";
import type { Counters } from "../base/counters.ts";
import { INPUT_BYTES, OUTPUT_BYTES } from "./limits.ts";
import type { Negotiated } from "./negotiated.ts";
import type { ParkedReads } from "./parked_reads.ts";
import { type Peer, PeerGone } from "./peer.ts";
import { ReceivedBytes } from "./received_bytes.ts";
import { ProtocolError, type SessionEnd } from "./session_end.ts";
import { Transmission } from "./transmission.ts";

/** How a session is conducted. */
export interface SessionOptions {
  /** Longest time a client waits for the device before it gets EIO; 0: for ever. */
  readonly timeoutMs: number;
  /** Counts the served requests. */
  readonly counters?: Counters;
  /** A clock that never goes back, in milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Serves a client that has negotiated. Blocks until the session is over, or the client has been idle for as long
 * as the peer waits for it; closing the connection is the caller's. Nothing that a client does makes it throw.
 * @param parked the parked reads and their backend. Reads may be left under way, and the same object must then be used
 *   for the next client.
 */
export function serveClient(
  peer: Peer,
  parked: ParkedReads,
  negotiated: Negotiated,
  options: SessionOptions,
): SessionEnd {
  assert(peer.input.length >= INPUT_BYTES, "the input buffer cannot hold what it must");
  assert(peer.output.length >= OUTPUT_BYTES, "the output buffer cannot hold the longest reply");
  try {
    return transmit(new ReceivedBytes(peer), parked, negotiated, options);
  } catch (error) {
    if (error instanceof PeerGone) {
      return { reason: parked.backend.ending ? "ending" : "gone", message: error.message };
    }
    if (error instanceof ProtocolError) return { reason: "violation", message: error.message };
    throw error;
  }
}

function transmit(
  received: ReceivedBytes,
  parked: ParkedReads,
  negotiated: Negotiated,
  options: SessionOptions,
): SessionEnd {
  const now = options.now ?? (() => performance.now());
  const { timeoutMs, counters } = options;
  try {
    return new Transmission(received, parked, negotiated, timeoutMs, now, counters).run();
  } finally {
    parked.pending.abandonAll();
  }
}
