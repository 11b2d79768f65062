// The handshake phase: fixed newstyle negotiation, until the client has chosen the export or has left.
// Source: doc/proto.md, "Handshake", "Option types", "Option reply types".

import {
  NBD_FLAG_C_FIXED_NEWSTYLE,
  NBD_FLAG_C_NO_ZEROES,
  NBD_FLAG_FIXED_NEWSTYLE,
  NBD_FLAG_NO_ZEROES,
  NBD_INFO_BLOCK_SIZE,
  NBD_INFO_DESCRIPTION,
  NBD_INFO_NAME,
  NBD_OPT_ABORT,
  NBD_OPT_EXPORT_NAME,
  NBD_OPT_EXTENDED_HEADERS,
  NBD_OPT_GO,
  NBD_OPT_INFO,
  NBD_OPT_LIST,
  NBD_OPT_LIST_META_CONTEXT,
  NBD_OPT_SET_META_CONTEXT,
  NBD_OPT_STARTTLS,
  NBD_OPT_STRUCTURED_REPLY,
  NBD_REP_ACK,
  NBD_REP_ERR_EXT_HEADER_REQD,
  NBD_REP_ERR_INVALID,
  NBD_REP_ERR_SHUTDOWN,
  NBD_REP_ERR_TOO_BIG,
  NBD_REP_ERR_UNKNOWN,
  NBD_REP_ERR_UNSUP,
  optionName,
} from "./constants.ts";
import { type Export, preferredBlockSize, type Target, transmissionFlags } from "./export.ts";
import { MAX_OPTION_BYTES, MAX_OPTIONS, MAX_SKIPPED_OPTION_BYTES } from "./limits.ts";
import { listContexts, type MetaContext, selectContexts } from "./meta_contexts.ts";
import { OptionError } from "./option_error.ts";
import { parseInfoRequest, parseMetaContextRequest } from "./option_payload.ts";
import { OptionReplies } from "./option_replies.ts";
import { OptionStream } from "./option_stream.ts";
import { ParkedReads } from "./parked_reads.ts";
import { ProtocolError } from "./protocol_error.ts";
import type { ReceivedBytes } from "./received_bytes.ts";
import { EXTENDED, type ReplyMode, SIMPLE, STRUCTURED } from "./reply_mode.ts";
import type { SessionEnd } from "./session_end.ts";

/** Stands for the export that the client has entered; the session goes on with the transmission phase. */
export interface Negotiated {
  readonly parked: ParkedReads;
  readonly mode: ReplyMode;
  readonly contexts: readonly MetaContext[];
}

/** One client's negotiation. Blocks the session's thread, for `timeoutMs` at most. */
export class Negotiation {
  readonly #options: OptionStream;
  readonly #exported: Export;
  readonly #target: Target;
  readonly #replies: OptionReplies;
  #zeroes = true;
  #mode: ReplyMode = SIMPLE;
  #contexts: readonly MetaContext[] = [];

  constructor(
    received: ReceivedBytes,
    exported: Export,
    target: Target,
    timeoutMs: number,
    now: () => number,
  ) {
    this.#options = new OptionStream(received, target, timeoutMs, now);
    this.#exported = exported;
    this.#target = target;
    this.#replies = new OptionReplies(received.peer);
  }

  /**
   * @returns the client's choice, or the end of the session.
   * @throws {ProtocolError} when the client must be closed.
   * @throws {PeerGone} when it has closed.
   */
  run(): Negotiated | SessionEnd {
    this.#replies.greeting(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
    this.#replies.send();
    const clientFlags = this.#options.clientFlags();
    if ((clientFlags & ~(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES)) !== 0) {
      throw new ProtocolError(`unknown client flags 0x${clientFlags.toString(16)}`);
    }
    this.#zeroes = (clientFlags & NBD_FLAG_C_NO_ZEROES) === 0;
    for (let count = 0; count < MAX_OPTIONS; count++) {
      const { option, length, payload } = this.#options.next();
      if (payload === undefined) {
        this.#refuseOversized(option, length);
        continue;
      }
      const outcome = this.#answer(option, payload);
      if (outcome !== undefined) return outcome;
    }
    throw new ProtocolError(`more than ${MAX_OPTIONS} options`);
  }

  #answer(option: number, payload: Uint8Array): Negotiated | SessionEnd | undefined {
    if (option === NBD_OPT_ABORT) {
      this.#replies.reply(option, NBD_REP_ACK);
      this.#replies.send();
      return { reason: "left", message: "" };
    }
    if (this.#target instanceof ParkedReads && this.#target.source.ending) {
      if (option !== NBD_OPT_EXPORT_NAME) {
        this.#replies.reply(option, NBD_REP_ERR_SHUTDOWN, "the server is shutting down");
        this.#replies.send();
      }
      return { reason: "ending", message: "" };
    }
    if (option === NBD_OPT_EXPORT_NAME) return this.#enterByName(payload);
    let outcome: Negotiated | undefined;
    try {
      outcome = this.#grant(option, payload);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      this.#replies.reply(option, error.replyType, error.message);
    }
    this.#replies.send();
    return outcome;
  }

  /** @throws {OptionError} */
  #grant(option: number, payload: Uint8Array): Negotiated | undefined {
    switch (option) {
      case NBD_OPT_LIST:
        this.#refusePayload(option, payload);
        this.#replies.server(option, this.#exported.name, this.#description());
        break;
      case NBD_OPT_STARTTLS:
        throw new OptionError(
          NBD_REP_ERR_UNSUP,
          "TLS is not supported: use the Unix socket, or a tunnel",
        );
      case NBD_OPT_INFO:
        this.#inform(option, payload);
        break;
      case NBD_OPT_GO: {
        const parked = this.#inform(option, payload);
        this.#replies.reply(option, NBD_REP_ACK);
        return { parked, mode: this.#mode, contexts: this.#contexts };
      }
      case NBD_OPT_STRUCTURED_REPLY:
      case NBD_OPT_EXTENDED_HEADERS:
        this.#refusePayload(option, payload);
        this.#raiseMode(option);
        break;
      case NBD_OPT_LIST_META_CONTEXT:
        for (const { name } of listContexts(this.#queries(option, payload))) {
          this.#replies.metaContext(option, 0, name);
        }
        break;
      case NBD_OPT_SET_META_CONTEXT:
        // Whatever was set before is gone, also when this fails.
        this.#contexts = [];
        this.#contexts = selectContexts(this.#queries(option, payload));
        for (const { id, name } of this.#contexts) this.#replies.metaContext(option, id, name);
        break;
      default:
        throw new OptionError(NBD_REP_ERR_UNSUP, `${optionName(option)} is not supported`);
    }
    this.#replies.reply(option, NBD_REP_ACK);
    return undefined;
  }

  /** NBD_OPT_EXPORT_NAME cannot be refused but by closing. */
  #enterByName(payload: Uint8Array): Negotiated {
    if (this.#mode === EXTENDED) {
      throw new ProtocolError("NBD_OPT_EXPORT_NAME after extended headers");
    }
    let parked: ParkedReads;
    try {
      parked = this.#enter(new TextDecoder().decode(payload));
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      throw new ProtocolError(`NBD_OPT_EXPORT_NAME refused: ${error.message}`);
    }
    this.#replies.exportName(parked.source.size, this.#transmissionFlags(parked), this.#zeroes);
    this.#replies.send();
    return { parked, mode: this.#mode, contexts: this.#contexts };
  }

  /** Writes the replies that NBD_OPT_INFO and NBD_OPT_GO share. */
  #inform(option: number, payload: Uint8Array): ParkedReads {
    const { exportName, informations } = parseInfoRequest(payload);
    const parked = this.#enter(exportName);
    this.#replies.infoExport(option, parked.source.size, this.#transmissionFlags(parked));
    if (informations.includes(NBD_INFO_NAME)) {
      this.#replies.infoText(option, NBD_INFO_NAME, this.#exported.name);
    }
    if (informations.includes(NBD_INFO_DESCRIPTION)) {
      this.#replies.infoText(option, NBD_INFO_DESCRIPTION, this.#description());
    }
    if (informations.includes(NBD_INFO_BLOCK_SIZE)) {
      this.#replies.infoBlockSize(option, preferredBlockSize(parked.source.sectorSize));
    }
    return parked;
  }

  #raiseMode(option: number): void {
    if (option === NBD_OPT_EXTENDED_HEADERS) {
      if (this.#mode === EXTENDED) {
        throw new OptionError(NBD_REP_ERR_INVALID, "extended headers are already negotiated");
      }
      this.#mode = EXTENDED;
      return;
    }
    if (this.#mode === EXTENDED) {
      throw new OptionError(
        NBD_REP_ERR_EXT_HEADER_REQD,
        "extended headers are already negotiated and include structured replies",
      );
    }
    if (this.#mode === STRUCTURED) {
      throw new OptionError(NBD_REP_ERR_INVALID, "structured replies are already negotiated");
    }
    this.#mode = STRUCTURED;
  }

  #queries(option: number, payload: Uint8Array): readonly string[] {
    if (this.#mode === SIMPLE) {
      throw new OptionError(
        NBD_REP_ERR_INVALID,
        `${optionName(option)} needs structured replies, which have not been negotiated`,
      );
    }
    const { exportName, queries } = parseMetaContextRequest(payload);
    this.#enter(exportName);
    return queries;
  }

  /** @throws {OptionError} when the name is not the export's or nothing stands behind it. */
  #enter(exportName: string): ParkedReads {
    if (exportName !== this.#exported.name) {
      throw new OptionError(NBD_REP_ERR_UNKNOWN, `the only export is "${this.#exported.name}"`);
    }
    if (this.#target instanceof ParkedReads) return this.#target;
    throw new OptionError(NBD_REP_ERR_UNKNOWN, this.#target.unavailable);
  }

  #refusePayload(option: number, payload: Uint8Array): void {
    if (payload.length > 0) {
      throw new OptionError(NBD_REP_ERR_INVALID, `${optionName(option)} takes no data`);
    }
  }

  #description(): string {
    return this.#target instanceof ParkedReads
      ? this.#exported.description
      : this.#target.unavailable;
  }

  #transmissionFlags({ source }: ParkedReads): number {
    return transmissionFlags(this.#mode !== SIMPLE, source.writer, this.#exported.isSingle);
  }

  /** The refusal goes out before the payload has come in: a client that waits for it does not hang. */
  #refuseOversized(option: number, length: number): void {
    const what = `${optionName(option)} with ${length} bytes of data`;
    if (option === NBD_OPT_EXPORT_NAME) throw new ProtocolError(what);
    if (option === NBD_OPT_SET_META_CONTEXT) this.#contexts = [];
    const replyType = option <= NBD_OPT_EXTENDED_HEADERS ? NBD_REP_ERR_TOO_BIG : NBD_REP_ERR_UNSUP;
    this.#replies.reply(option, replyType, `${what}, more than ${MAX_OPTION_BYTES}`);
    this.#replies.send();
    if (length > MAX_SKIPPED_OPTION_BYTES) throw new ProtocolError(what);
    this.#options.drop(length);
  }
}
