// Reads the fields of an option's payload; a payload that does not fit is NBD_REP_ERR_INVALID.

import { MAX_STRING_BYTES } from "./limits.ts";
import { NBD_REP_ERR_INVALID } from "./constants.ts";

/**
 * An option that cannot be granted. It is answered with an error reply and a sentence for the client's user, and the
 * negotiation continues.
 */
export class OptionError extends Error {
  override name = "OptionError";
  /** NBD_REP_ERR_*. */
  readonly replyType: number;

  constructor(replyType: number, message: string) {
    super(message);
    this.replyType = replyType;
  }
}

/** What NBD_OPT_INFO and NBD_OPT_GO carry. */
export interface InfoRequest {
  readonly exportName: string;
  /** NBD_INFO_* numbers, known or not. */
  readonly informations: readonly number[];
}

/** What NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT carry. */
export interface MetaContextRequest {
  readonly exportName: string;
  readonly queries: readonly string[];
}

/** @throws {OptionError} when a length contradicts the payload's. */
export function parseInfoRequest(payload: Uint8Array): InfoRequest {
  const fields = new OptionPayload(payload);
  const exportName = fields.string();
  const informations = Array.from({ length: fields.uint16() }, () => fields.uint16());
  fields.end();
  return { exportName, informations };
}

/** @throws {OptionError} when a length contradicts the payload's. */
export function parseMetaContextRequest(payload: Uint8Array): MetaContextRequest {
  const fields = new OptionPayload(payload);
  const exportName = fields.string();
  const count = fields.uint32();
  const queries: string[] = [];
  // Not an array of `count`: that number is the client's.
  for (let i = 0; i < count; i++) queries.push(fields.string());
  fields.end();
  return { exportName, queries };
}

class OptionPayload {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** A string behind its 32-bit length. */
  string(): string {
    const length = this.uint32();
    if (length > MAX_STRING_BYTES) {
      throw new OptionError(
        NBD_REP_ERR_INVALID,
        `a string is longer than ${MAX_STRING_BYTES} bytes`,
      );
    }
    const start = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(start, start + length));
  }

  end(): void {
    if (this.#position !== this.#bytes.length) {
      throw new OptionError(NBD_REP_ERR_INVALID, "the option is longer than its fields");
    }
  }

  #take(length: number): number {
    const start = this.#position;
    if (length > this.#bytes.length - start) {
      throw new OptionError(NBD_REP_ERR_INVALID, "the option is shorter than its fields");
    }
    this.#position += length;
    return start;
  }
}
