// Writes the server's side of the negotiation.

import { assert } from "../base/assert.ts";
import {
  IHAVEOPT_HIGH,
  IHAVEOPT_LOW,
  NBD_INFO_BLOCK_SIZE,
  NBD_INFO_EXPORT,
  NBD_REP_INFO,
  NBD_REP_MAGIC_HIGH,
  NBD_REP_MAGIC_LOW,
  NBD_REP_META_CONTEXT,
  NBD_REP_SERVER,
  NBDMAGIC_HIGH,
  NBDMAGIC_LOW,
} from "./constants.ts";
import { MAX_PAYLOAD_BYTES, MAX_STRING_BYTES, OPTION_REPLIES_BYTES } from "./limits.ts";

/** Replies are collected until they are taken. */
export class OptionReplies {
  readonly #output: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  /** @param output at least OPTION_REPLIES_BYTES. */
  constructor(output: Uint8Array) {
    assert(output.length >= OPTION_REPLIES_BYTES, "there is no room for the longest reply");
    this.#output = output;
    this.#view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  }

  /** How many bytes have been collected, from the start of the output on; the next reply takes their place. */
  take(): number {
    const length = this.#position;
    this.#position = 0;
    return length;
  }

  /** The server's first words. */
  greeting(handshakeFlags: number): void {
    this.#uint32(NBDMAGIC_HIGH);
    this.#uint32(NBDMAGIC_LOW);
    this.#uint32(IHAVEOPT_HIGH);
    this.#uint32(IHAVEOPT_LOW);
    this.#uint16(handshakeFlags);
  }

  /** The whole answer to NBD_OPT_EXPORT_NAME, which has a format of its own. */
  exportName(size: number, transmissionFlags: number, zeroes: boolean): void {
    this.#uint64(size);
    this.#uint16(transmissionFlags);
    if (zeroes) {
      this.#output.fill(0, this.#position, this.#position + 124);
      this.#position += 124;
    }
  }

  /** A reply without fields (NBD_REP_ACK), or an error with its sentence. */
  reply(option: number, replyType: number, sentence = ""): void {
    const text = encoded(sentence);
    this.#header(option, replyType, text.length);
    this.#bytes(text);
  }

  server(option: number, name: string, description: string): void {
    const nameBytes = encoded(name);
    const descriptionBytes = encoded(description);
    this.#header(option, NBD_REP_SERVER, 4 + nameBytes.length + descriptionBytes.length);
    this.#uint32(nameBytes.length);
    this.#bytes(nameBytes);
    this.#bytes(descriptionBytes);
  }

  infoExport(option: number, size: number, transmissionFlags: number): void {
    this.#header(option, NBD_REP_INFO, 12);
    this.#uint16(NBD_INFO_EXPORT);
    this.#uint64(size);
    this.#uint16(transmissionFlags);
  }

  /** NBD_INFO_NAME or NBD_INFO_DESCRIPTION. */
  infoText(option: number, information: number, text: string): void {
    const bytes = encoded(text);
    this.#header(option, NBD_REP_INFO, 2 + bytes.length);
    this.#uint16(information);
    this.#bytes(bytes);
  }

  /** Minimum 1: clients with 512-byte requests for a 2048-byte disc never ask, and are served. */
  infoBlockSize(option: number, preferred: number): void {
    this.#header(option, NBD_REP_INFO, 14);
    this.#uint16(NBD_INFO_BLOCK_SIZE);
    this.#uint32(1);
    this.#uint32(preferred);
    this.#uint32(MAX_PAYLOAD_BYTES);
  }

  metaContext(option: number, id: number, name: string): void {
    const bytes = encoded(name);
    this.#header(option, NBD_REP_META_CONTEXT, 4 + bytes.length);
    this.#uint32(id);
    this.#bytes(bytes);
  }

  #header(option: number, replyType: number, length: number): void {
    this.#uint32(NBD_REP_MAGIC_HIGH);
    this.#uint32(NBD_REP_MAGIC_LOW);
    this.#uint32(option);
    this.#uint32(replyType);
    this.#uint32(length);
  }

  #uint16(value: number): void {
    this.#view.setUint16(this.#position, value);
    this.#position += 2;
  }

  #uint32(value: number): void {
    this.#view.setUint32(this.#position, value);
    this.#position += 4;
  }

  #uint64(value: number): void {
    this.#uint32(Math.floor(value / 2 ** 32));
    this.#uint32(value % 2 ** 32);
  }

  #bytes(bytes: Uint8Array): void {
    this.#output.set(bytes, this.#position);
    this.#position += bytes.length;
  }
}

/** The specification's longest string, cut between characters. */
function encoded(text: string): Uint8Array {
  const bytes = new Uint8Array(MAX_STRING_BYTES);
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written);
}
