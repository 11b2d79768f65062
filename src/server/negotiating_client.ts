// The socket of a client that negotiates. Main thread; nothing here blocks, and each call does a bounded amount of
// work. What a client costs meanwhile is bounded as well: one option, and the replies that it has not taken.
import { MAX_OPTION_BYTES, OPTION_REPLIES_BYTES } from "../nbd/limits.ts";
import type { Negotiation } from "../nbd/negotiation.ts";
import type { Negotiated, Outcome } from "../nbd/negotiated.ts";
import { OptionReplies } from "../nbd/option_replies.ts";
import { ProtocolError } from "../nbd/session_end.ts";
import { EAGAIN, errnoName } from "../sys/errno.ts";
import { NativeMemory } from "../sys/memory.ts";
import { tryRecvNow, trySendNow } from "../sys/socket.ts";

/** Messages that one client may send in a turn: then others have theirs. */
const MESSAGES_A_TURN = 8;

/** Memory that all negotiating clients of a thread use in turn. */
export class NegotiationBuffers {
  readonly input = NativeMemory.allocate(MAX_OPTION_BYTES);
  readonly output = NativeMemory.allocate(OPTION_REPLIES_BYTES);
  readonly replies = new OptionReplies(this.output.bytes);

  /** Nothing uses them any more. */
  release(): void {
    this.input.release();
    this.output.release();
  }
}

/**
 * The socket of a client that negotiates. Each call does a bounded amount of work and does not
 * block. Main thread. The socket is the caller's to close.
 */
export class NegotiatingClient {
  readonly #socket: number;
  readonly #negotiation: Negotiation;
  readonly #buffers: NegotiationBuffers;
  /** The start of what the negotiation wants. */
  #arrived: Uint8Array | undefined;
  /** Replies that the client has not taken: nothing more is received before it has. */
  #unsent: Uint8Array | undefined;
  /** Something has arrived in the last `goOn`. */
  hasSpoken = false;

  constructor(socket: number, negotiation: Negotiation, buffers: NegotiationBuffers) {
    this.#socket = socket;
    this.#negotiation = negotiation;
    this.#buffers = buffers;
  }

  /** It is the client that must take something before this goes on. */
  get isSending(): boolean {
    return this.#unsent !== undefined;
  }

  /** The server's first words. */
  greet(): void {
    this.#negotiation.greet();
    this.#sendReplies();
  }

  /** Goes on with the bytes that have arrived. @returns undefined when more must come. */
  goOn(): Outcome {
    this.hasSpoken = false;
    try {
      for (let messages = 0; messages < MESSAGES_A_TURN; messages++) {
        const gone = this.#sendRest() ?? this.#receive();
        if (gone !== undefined) return gone;
        if (this.isSending || this.#arrived?.length !== this.#negotiation.wants) return undefined;
        const bytes = this.#arrived;
        this.#arrived = undefined;
        const outcome = this.#negotiation.take(bytes) ?? this.#sendReplies();
        if (outcome !== undefined) {
          this.#sendReplies();
          return outcome;
        }
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#sendReplies();
      return { reason: "violation", message: error.message };
    }
  }

  /** After it has asked: it enters, once the reply has been sent. */
  enter(): Negotiated {
    const negotiated = this.#negotiation.enter();
    // The next receive shows whether the client has gone.
    this.#sendReplies();
    return negotiated;
  }

  /** After `enter`: sends the rest of the reply. @returns the outcome, when the client has gone. */
  flush(): Outcome {
    return this.#sendRest();
  }

  /** After it has asked: it does not enter, and is to be closed. */
  refuse(sentence: string): void {
    this.#negotiation.refuse(sentence);
    this.#sendReplies();
  }

  /** Receives what the negotiation wants, or a part of it. */
  #receive(): Outcome {
    if (this.isSending) return undefined;
    const { input } = this.#buffers;
    const arrived = this.#arrived ?? new Uint8Array();
    const wanted = this.#negotiation.wants - arrived.length;
    const count = tryRecvNow(this.#socket, input.address, wanted);
    if (count === -EAGAIN) return undefined;
    if (count <= 0) {
      const how = count === 0 ? "the client closed" : `recv: ${errnoName(-count)}`;
      return { reason: "gone", message: `${how} during the negotiation` };
    }
    this.hasSpoken = true;
    const bytes = new Uint8Array(arrived.length + count);
    bytes.set(arrived);
    bytes.set(input.bytes.subarray(0, count), arrived.length);
    this.#arrived = bytes;
    return undefined;
  }

  #sendReplies(): Outcome {
    return this.#send(this.#buffers.replies.take());
  }

  #sendRest(): Outcome {
    const rest = this.#unsent;
    if (rest === undefined) return undefined;
    this.#unsent = undefined;
    this.#buffers.output.bytes.set(rest);
    return this.#send(rest.length);
  }

  /** Sends the first bytes of the output; keeps those that the client does not take yet. */
  #send(length: number): Outcome {
    if (length === 0) return undefined;
    const { address, bytes } = this.#buffers.output;
    const count = trySendNow(this.#socket, address, length);
    if (count < 0 && count !== -EAGAIN) {
      return { reason: "gone", message: `send: ${errnoName(-count)}` };
    }
    const sent = Math.max(0, count);
    if (sent < length) this.#unsent = bytes.slice(sent, length);
    return undefined;
  }
}
