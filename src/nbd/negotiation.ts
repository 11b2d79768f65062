// The handshake phase: fixed newstyle negotiation, until the client has chosen the export or has left. Main runs
// it, for many clients at a time.
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
  NBD_REP_ERR_INVALID,
  NBD_REP_ERR_POLICY,
  NBD_REP_ERR_SHUTDOWN,
  NBD_REP_ERR_TOO_BIG,
  NBD_REP_ERR_UNKNOWN,
  NBD_REP_ERR_UNSUP,
  optionName,
} from "./constants.ts";
import {
  type Export,
  type Offer,
  preferredBlockSize,
  type Target,
  transmissionFlags,
} from "./export.ts";
import { MAX_OPTION_BYTES, MAX_OPTIONS, MAX_SKIPPED_OPTION_BYTES } from "./limits.ts";
import { listContexts, type MetaContext, selectContexts } from "./meta_contexts.ts";
import {
  ASKS,
  EXTENDED,
  type Negotiated,
  type Outcome,
  raisedMode,
  type ReplyMode,
  SIMPLE,
} from "./negotiated.ts";
import { OptionError, parseInfoRequest, parseMetaContextRequest } from "./option_payload.ts";
import type { OptionReplies } from "./option_replies.ts";
import { OptionStream } from "./option_stream.ts";
import { ProtocolError } from "./session_end.ts";

/** NBD_OPT_GO or NBD_OPT_EXPORT_NAME that waits for its answer. */
interface Application {
  readonly option: number;
  readonly informations: readonly number[];
}

/**
 * One client's negotiation, as a state machine: it says how many bytes it wants, takes just as many, and has
 * its replies ready. So it never holds more than one option, and never a byte of the transmission phase.
 */
export class Negotiation {
  readonly #exported: Export;
  readonly #target: Target;
  readonly #replies: OptionReplies;
  #zeroes = true;
  #mode: ReplyMode = SIMPLE;
  #contexts: readonly MetaContext[] = [];
  readonly #stream = new OptionStream();
  #options = 0;
  #application: Application | undefined;

  /** @param replies what it writes into; it may be shared, since they are taken after each step. */
  constructor(exported: Export, target: Target, replies: OptionReplies) {
    this.#exported = exported;
    this.#target = target;
    this.#replies = replies;
  }

  /** Writes the server's first words. */
  greet(): void {
    this.#replies.greeting(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
  }

  /** How many bytes the next `take` wants, from 1 to MAX_OPTION_BYTES. */
  get wants(): number {
    return this.#stream.wants;
  }

  /**
   * @param bytes as many as it wants; they are not kept.
   * @throws {ProtocolError} when the client must be closed, once the replies that are there have been sent.
   */
  take(bytes: Uint8Array): Outcome {
    const received = this.#stream.take(bytes);
    if (received === undefined) return undefined;
    if (typeof received === "number") return this.#takeFlags(received);
    const { option, length, payload } = received;
    const outcome = payload === undefined
      ? this.#refuseOversized(option, length)
      : this.#answer(option, payload);
    if (outcome === undefined && ++this.#options >= MAX_OPTIONS) {
      throw new ProtocolError(`more than ${MAX_OPTIONS} options`);
    }
    return outcome;
  }

  /** Lets a client that asks enter, and writes the reply. */
  enter(): Negotiated {
    const { option, informations } = this.#application!;
    const offer = this.#target as Offer;
    if (option === NBD_OPT_EXPORT_NAME) {
      this.#replies.exportName(offer.size, this.#transmissionFlags(offer), this.#zeroes);
    } else {
      this.#inform(option, informations, offer);
      this.#replies.reply(option, NBD_REP_ACK);
    }
    return { mode: this.#mode, contexts: this.#contexts };
  }

  /** Does not let it enter: the client is to be closed then. */
  refuse(sentence: string): void {
    const { option } = this.#application!;
    // NBD_OPT_EXPORT_NAME cannot be refused but by closing.
    if (option !== NBD_OPT_EXPORT_NAME) {
      this.#replies.reply(option, NBD_REP_ERR_POLICY, sentence);
    }
  }

  #takeFlags(flags: number): undefined {
    if ((flags & ~(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES)) !== 0) {
      throw new ProtocolError(`unknown client flags 0x${flags.toString(16)}`);
    }
    this.#zeroes = (flags & NBD_FLAG_C_NO_ZEROES) === 0;
  }

  #answer(option: number, payload: Uint8Array): Outcome {
    if (option === NBD_OPT_ABORT) {
      this.#replies.reply(option, NBD_REP_ACK);
      return { reason: "left", message: "" };
    }
    if ("ending" in this.#target && this.#target.ending) {
      if (option !== NBD_OPT_EXPORT_NAME) {
        this.#replies.reply(option, NBD_REP_ERR_SHUTDOWN, "the server is shutting down");
      }
      return { reason: "ending", message: "" };
    }
    if (option === NBD_OPT_EXPORT_NAME) return this.#askByName(payload);
    try {
      if (option === NBD_OPT_GO) return this.#ask(payload);
      this.#grant(option, payload);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      this.#replies.reply(option, error.replyType, error.message);
    }
    return undefined;
  }

  /** @throws {OptionError} */
  #ask(payload: Uint8Array): typeof ASKS {
    const { exportName, informations } = parseInfoRequest(payload);
    this.#offered(exportName);
    this.#application = { option: NBD_OPT_GO, informations };
    return ASKS;
  }

  /** NBD_OPT_EXPORT_NAME cannot be refused but by closing. */
  #askByName(payload: Uint8Array): typeof ASKS {
    if (this.#mode === EXTENDED) {
      throw new ProtocolError("NBD_OPT_EXPORT_NAME after extended headers");
    }
    try {
      this.#offered(new TextDecoder().decode(payload));
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      throw new ProtocolError(`NBD_OPT_EXPORT_NAME refused: ${error.message}`);
    }
    this.#application = { option: NBD_OPT_EXPORT_NAME, informations: [] };
    return ASKS;
  }

  /** @throws {OptionError} */
  #grant(option: number, payload: Uint8Array): void {
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
      case NBD_OPT_INFO: {
        const { exportName, informations } = parseInfoRequest(payload);
        this.#inform(option, informations, this.#offered(exportName));
        break;
      }
      case NBD_OPT_STRUCTURED_REPLY:
      case NBD_OPT_EXTENDED_HEADERS:
        this.#refusePayload(option, payload);
        this.#mode = raisedMode(this.#mode, option);
        break;
      case NBD_OPT_LIST_META_CONTEXT:
        for (const { name } of listContexts(this.#queries(option, payload))) {
          this.#replies.metaContext(option, 0, name);
        }
        break;
      case NBD_OPT_SET_META_CONTEXT:
        // This drops the earlier contexts even when it fails.
        this.#contexts = [];
        this.#contexts = selectContexts(this.#queries(option, payload));
        for (const { id, name } of this.#contexts) this.#replies.metaContext(option, id, name);
        break;
      default:
        throw new OptionError(NBD_REP_ERR_UNSUP, `${optionName(option)} is not supported`);
    }
    this.#replies.reply(option, NBD_REP_ACK);
  }

  /** Writes the replies that NBD_OPT_INFO and NBD_OPT_GO share. */
  #inform(option: number, informations: readonly number[], offer: Offer): void {
    this.#replies.infoExport(option, offer.size, this.#transmissionFlags(offer));
    if (informations.includes(NBD_INFO_NAME)) {
      this.#replies.infoText(option, NBD_INFO_NAME, this.#exported.name);
    }
    if (informations.includes(NBD_INFO_DESCRIPTION)) {
      this.#replies.infoText(option, NBD_INFO_DESCRIPTION, this.#description());
    }
    if (informations.includes(NBD_INFO_BLOCK_SIZE)) {
      this.#replies.infoBlockSize(option, preferredBlockSize(offer.sectorSize));
    }
  }

  #queries(option: number, payload: Uint8Array): readonly string[] {
    if (this.#mode === SIMPLE) {
      throw new OptionError(
        NBD_REP_ERR_INVALID,
        `${optionName(option)} needs structured replies, which have not been negotiated`,
      );
    }
    const { exportName, queries } = parseMetaContextRequest(payload);
    this.#offered(exportName);
    return queries;
  }

  /** @throws {OptionError} when the name is not the export's or nothing stands behind it. */
  #offered(exportName: string): Offer {
    if (exportName !== this.#exported.name) {
      throw new OptionError(NBD_REP_ERR_UNKNOWN, `the only export is "${this.#exported.name}"`);
    }
    if ("unavailable" in this.#target) {
      throw new OptionError(NBD_REP_ERR_UNKNOWN, this.#target.unavailable);
    }
    return this.#target;
  }

  #refusePayload(option: number, payload: Uint8Array): void {
    if (payload.length > 0) {
      throw new OptionError(NBD_REP_ERR_INVALID, `${optionName(option)} takes no data`);
    }
  }

  #description(): string {
    return "unavailable" in this.#target ? this.#target.unavailable : this.#exported.description;
  }

  #transmissionFlags({ writer }: Offer): number {
    return transmissionFlags(this.#mode !== SIMPLE, writer, this.#exported.isSingle);
  }

  /** The refusal goes out before the payload has come in: a client that waits for it does not hang. */
  #refuseOversized(option: number, length: number): undefined {
    const what = `${optionName(option)} with ${length} bytes of data`;
    if (option === NBD_OPT_EXPORT_NAME) throw new ProtocolError(what);
    if (option === NBD_OPT_SET_META_CONTEXT) this.#contexts = [];
    const replyType = option <= NBD_OPT_EXTENDED_HEADERS ? NBD_REP_ERR_TOO_BIG : NBD_REP_ERR_UNSUP;
    this.#replies.reply(option, replyType, `${what}, more than ${MAX_OPTION_BYTES}`);
    if (length > MAX_SKIPPED_OPTION_BYTES) throw new ProtocolError(what);
  }
}
