// Plays a session in memory: a negotiation that succeeds, then the steps of the test.

import { OUTPUT_BYTES } from "../../../src/nbd/limits.ts";
import { ParkedReads } from "../../../src/nbd/parked_reads.ts";
import type { SessionOptions } from "../../../src/nbd/serve_client.ts";
import type { SessionEnd } from "../../../src/nbd/session_end.ts";
import {
  type Chunk,
  CLIENT_FLAGS,
  concat,
  extendedRequest,
  infoPayload,
  metaPayload,
  OPT,
  option,
  type ReplyReader,
  type Request,
  request,
} from "../../conformance/wire.ts";
import { ArrayBackend } from "./array_backend.ts";
import { MemoryPeer, type Step } from "./memory_peer.ts";
import { serveDialogue } from "./serve_dialogue.ts";

export type Mode = "simple" | "structured" | "extended";

/** A session that has been played to its end. */
export interface Played {
  readonly end: SessionEnd;
  readonly peer: MemoryPeer;
  readonly backend: ArrayBackend;
  readonly parked: ParkedReads;
  /** What came after the negotiation. */
  readonly replies: ReplyReader & { left(): number };
  /** The chunks of the next reply. */
  chunks(): Promise<Chunk[]>;
}

export interface Play {
  readonly mode?: Mode;
  /** Metadata contexts to set. */
  readonly contexts?: readonly string[];
  readonly backend?: ConstructorParameters<typeof ArrayBackend>[1];
  readonly options?: Partial<SessionOptions>;
  /** The client's part; requests are built in the session's mode by `ask`. */
  readonly steps: (
    ask: (request: Request) => Uint8Array,
    backend: ArrayBackend,
    peer: MemoryPeer,
  ) => Step[];
}

/** Negotiates, plays the steps, and closes. */
export async function play({ mode = "simple", contexts = [], ...rest }: Play): Promise<Played> {
  const output = new Uint8Array(OUTPUT_BYTES);
  const backend = new ArrayBackend(output, rest.backend);
  const parked = new ParkedReads(backend);
  const peer = new MemoryPeer(output);
  const ask = mode === "extended" ? extendedRequest : request;
  peer.plays(negotiation(mode, contexts), ...rest.steps(ask, backend, peer));
  peer.ended = () => backend.hasEnded();
  backend.onEnding = () => peer.ring();
  const exported = { name: "", description: "a device" };
  const options = { timeoutMs: 0, now: peer.now, ...rest.options };
  const end = serveDialogue(peer, exported, parked, options);
  const replies = peer.replies();
  await skipNegotiation(replies, mode, contexts);
  const chunks = () => replies.chunks(mode === "extended");
  return { end, peer, backend, parked, replies, chunks };
}

/** The client's side of a negotiation that succeeds. */
export function negotiation(mode: Mode, contexts: readonly string[] = []): Uint8Array {
  const modeOption =
    { simple: 0, structured: OPT.STRUCTURED_REPLY, extended: OPT.EXTENDED_HEADERS }[mode];
  return concat(
    CLIENT_FLAGS,
    modeOption === 0 ? new Uint8Array() : option(modeOption),
    contexts.length === 0
      ? new Uint8Array()
      : option(OPT.SET_META_CONTEXT, metaPayload("", contexts)),
    option(OPT.GO, infoPayload("")),
  );
}

async function skipNegotiation(replies: ReplyReader, mode: Mode, contexts: readonly string[]) {
  await replies.greeting();
  if (mode !== "simple") await replies.optionReplies();
  if (contexts.length > 0) await replies.optionReplies();
  await replies.optionReplies();
}
