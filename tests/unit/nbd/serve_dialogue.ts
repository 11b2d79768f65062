// A whole dialogue with one peer: the negotiation, which main conducts, and the transmission, which is a session's.

import { assertEquals } from "@std/assert";
import type { Export, Unavailable } from "../../../src/nbd/export.ts";
import { OPTION_REPLIES_BYTES } from "../../../src/nbd/limits.ts";
import { Negotiation } from "../../../src/nbd/negotiation.ts";
import {
  ASKS,
  type Negotiated,
  packNegotiated,
  unpackNegotiated,
} from "../../../src/nbd/negotiated.ts";
import { OptionReplies } from "../../../src/nbd/option_replies.ts";
import { ParkedReads } from "../../../src/nbd/parked_reads.ts";
import { type Peer, PeerGone } from "../../../src/nbd/peer.ts";
import { serveClient, type SessionOptions } from "../../../src/nbd/serve_client.ts";
import { ProtocolError, type SessionEnd } from "../../../src/nbd/session_end.ts";

/** What is served, and what has been parked of it; or the reason why there is nothing. */
export type Served = ParkedReads | Unavailable;

/** How one dialogue is conducted. */
export interface DialogueOptions extends SessionOptions {
  /** Says whether a client that asks for the export gets it; default: it does. */
  readonly hasPlace?: () => boolean;
}

/** Negotiates with a client and serves it. Nothing that a client does makes it throw. */
export function serveDialogue(
  peer: Peer,
  exported: Export,
  served: Served,
  options: DialogueOptions,
): SessionEnd {
  const outcome = negotiate(peer, exported, served, options.hasPlace ?? (() => true));
  if ("reason" in outcome) return outcome;
  // Numbers are what a session is handed.
  const negotiated = unpackNegotiated(packNegotiated(outcome));
  assertEquals(negotiated, outcome);
  return serveClient(peer, served as ParkedReads, negotiated, options);
}

function negotiate(
  peer: Peer,
  exported: Export,
  served: Served,
  hasPlace: () => boolean,
): Negotiated | SessionEnd {
  const output = new Uint8Array(OPTION_REPLIES_BYTES);
  const replies = new OptionReplies(output);
  const target = served instanceof ParkedReads ? served.backend : served;
  const negotiation = new Negotiation(exported, target, replies);
  const send = () => {
    const length = replies.take();
    peer.output.set(output.subarray(0, length));
    if (length > 0) peer.send(0, length);
  };
  try {
    negotiation.greet();
    send();
    for (;;) {
      const outcome = negotiation.take(receive(peer, negotiation.wants));
      send();
      if (outcome === undefined) continue;
      if (outcome !== ASKS) return outcome;
      if (!hasPlace()) {
        negotiation.refuse("there is no place");
        send();
        return { reason: "gone", message: "" };
      }
      const negotiated = negotiation.enter();
      send();
      return negotiated;
    }
  } catch (error) {
    if (error instanceof PeerGone) return { reason: "gone", message: error.message };
    if (!(error instanceof ProtocolError)) throw error;
    send();
    return { reason: "violation", message: error.message };
  }
}

function receive(peer: Peer, wanted: number): Uint8Array {
  for (let count = 0; count < wanted;) {
    const more = peer.receive(count, wanted);
    if (more === 0) throw new PeerGone("the client closed during the negotiation");
    count += more;
  }
  return peer.input.slice(0, wanted);
}
