// The entry points of a session: one client from its first byte to its last, on the calling thread.

import { assert } from "../base/assert.ts";
import type { Counters } from "./counters.ts";
import type { Export, Target } from "./export.ts";
import { INPUT_BYTES, OUTPUT_BYTES } from "./limits.ts";
import { type Negotiated, Negotiation } from "./negotiation.ts";
import { ParkedReads } from "./parked_reads.ts";
import { type Peer, PeerGone } from "./peer.ts";
import { ProtocolError } from "./protocol_error.ts";
import { ReceivedBytes } from "./received_bytes.ts";
import { SIMPLE } from "./reply_mode.ts";
import type { SessionEnd } from "./session_end.ts";
import { Transmission } from "./transmission.ts";

/** Longest negotiation, unless the options say otherwise. */
const NEGOTIATION_TIMEOUT_MS = 30_000;

/** How a session is conducted. */
export interface SessionOptions {
  /** Longest time a client waits for the device before it gets EIO; 0: for ever. */
  readonly timeoutMs: number;
  /** Longest time a client may take to choose the export; default 30 s. */
  readonly negotiationTimeoutMs?: number;
  /** Told what is served. */
  readonly counters?: Counters;
  /** A clock that never goes back, in milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Negotiates with a client and serves it. Blocks until the session is over; closing the connection is the
 * caller's. Nothing that a client does makes it throw.
 * @param target what stands behind the export. Parked reads may be left under way, and the same object
 * must then be used for the next client.
 */
export function serveClient(
  peer: Peer,
  exported: Export,
  target: Target,
  options: SessionOptions,
): SessionEnd {
  const now = options.now ?? (() => performance.now());
  const timeoutMs = options.negotiationTimeoutMs ?? NEGOTIATION_TIMEOUT_MS;
  return conclude(target, () => {
    const received = receivedBytes(peer);
    const outcome = new Negotiation(received, exported, target, timeoutMs, now).run();
    return "reason" in outcome ? outcome : transmit(received, outcome, options);
  });
}

/**
 * Serves a client that has not negotiated and takes what `transmissionFlags(false)` says: the kernel, at
 * the other end of a socket pair. Otherwise as `serveClient`.
 */
export function serveKernel(peer: Peer, parked: ParkedReads, options: SessionOptions): SessionEnd {
  return conclude(
    parked,
    () => transmit(receivedBytes(peer), { parked, mode: SIMPLE, contexts: [] }, options),
  );
}

function receivedBytes(peer: Peer): ReceivedBytes {
  assert(peer.input.length >= INPUT_BYTES, "the input buffer cannot hold the longest option");
  assert(peer.output.length >= OUTPUT_BYTES, "the output buffer cannot hold the longest reply");
  return new ReceivedBytes(peer);
}

function transmit(
  received: ReceivedBytes,
  negotiated: Negotiated,
  options: SessionOptions,
): SessionEnd {
  const { parked } = negotiated;
  const now = options.now ?? (() => performance.now());
  try {
    return new Transmission(received, negotiated, options.timeoutMs, now, options.counters).run();
  } finally {
    for (let token = parked.anyWaiting(); token >= 0; token = parked.anyWaiting()) {
      parked.abandon(token);
    }
  }
}

/** Turns what a client can cause into the session's end. */
function conclude(target: Target, session: () => SessionEnd): SessionEnd {
  try {
    return session();
  } catch (error) {
    if (error instanceof PeerGone) {
      const ending = target instanceof ParkedReads && target.source.ending;
      return { reason: ending ? "ending" : "gone", message: error.message };
    }
    if (error instanceof ProtocolError) return { reason: "violation", message: error.message };
    throw error;
  }
}
