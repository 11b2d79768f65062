// The client's side of the NBD wire: builds messages and takes replies apart. Its numbers are its own, so
// that a wrong constant in the server cannot hide.
// Source: doc/proto.md of the NetworkBlockDevice project.

/** Handshake flags that every current client answers: fixed newstyle, no zeroes. */
export const CLIENT_FLAGS = u32(3);

export const OPT = {
  EXPORT_NAME: 1,
  ABORT: 2,
  LIST: 3,
  STARTTLS: 5,
  INFO: 6,
  GO: 7,
  STRUCTURED_REPLY: 8,
  LIST_META_CONTEXT: 9,
  SET_META_CONTEXT: 10,
  EXTENDED_HEADERS: 11,
} as const;

export const REP = {
  ACK: 1,
  SERVER: 2,
  INFO: 3,
  META_CONTEXT: 4,
  ERR_UNSUP: 2 ** 31 + 1,
  ERR_POLICY: 2 ** 31 + 2,
  ERR_INVALID: 2 ** 31 + 3,
  ERR_UNKNOWN: 2 ** 31 + 6,
  ERR_SHUTDOWN: 2 ** 31 + 7,
  ERR_TOO_BIG: 2 ** 31 + 9,
  ERR_EXT_HEADER_REQD: 2 ** 31 + 10,
} as const;

export const INFO = { EXPORT: 0, NAME: 1, DESCRIPTION: 2, BLOCK_SIZE: 3 } as const;

export const CMD = {
  READ: 0,
  WRITE: 1,
  DISC: 2,
  FLUSH: 3,
  TRIM: 4,
  CACHE: 5,
  WRITE_ZEROES: 6,
  BLOCK_STATUS: 7,
} as const;

export const FLAG = {
  FUA: 1,
  NO_HOLE: 2,
  DF: 4,
  REQ_ONE: 8,
  FAST_ZERO: 16,
  PAYLOAD_LEN: 32,
} as const;

export const CHUNK = {
  NONE: 0,
  OFFSET_DATA: 1,
  BLOCK_STATUS: 5,
  BLOCK_STATUS_EXT: 6,
  ERROR: 32769,
  ERROR_OFFSET: 32770,
} as const;

export const E = {
  PERM: 1,
  IO: 5,
  INVAL: 22,
  NOSPC: 28,
  OVERFLOW: 75,
  SHUTDOWN: 108,
} as const;

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

export function u64(value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** An option with any payload, and with any length claimed for it. */
export function option(
  code: number,
  payload: Uint8Array = new Uint8Array(),
  length = payload.length,
): Uint8Array {
  return concat(text("IHAVEOPT"), u32(code), u32(length), payload);
}

/** Payload of NBD_OPT_INFO and NBD_OPT_GO. */
export function infoPayload(name = "", informations: readonly number[] = []): Uint8Array {
  return concat(
    u32(text(name).length),
    text(name),
    u16(informations.length),
    ...informations.map(u16),
  );
}

/** Payload of NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT. */
export function metaPayload(name: string, queries: readonly string[]): Uint8Array {
  const strings = queries.map((query) => concat(u32(text(query).length), text(query)));
  return concat(u32(text(name).length), text(name), u32(queries.length), ...strings);
}

export interface Request {
  type: number;
  flags?: number;
  cookie?: number | bigint;
  offset?: number | bigint;
  length?: number | bigint;
  payload?: Uint8Array;
}

/** A compact request. */
export function request(
  { type, flags = 0, cookie = 1, offset = 0, length = 0, payload }: Request,
): Uint8Array {
  return concat(
    u32(0x25609513),
    u16(flags),
    u16(type),
    u64(cookie),
    u64(offset),
    u32(Number(length)),
    payload ?? new Uint8Array(),
  );
}

/** An extended request. */
export function extendedRequest(
  { type, flags = 0, cookie = 1, offset = 0, length = 0, payload }: Request,
): Uint8Array {
  return concat(
    u32(0x21e41c71),
    u16(flags),
    u16(type),
    u64(cookie),
    u64(offset),
    u64(length),
    payload ?? new Uint8Array(),
  );
}

export interface OptionReply {
  option: number;
  type: number;
  payload: Uint8Array;
  /** The payload as text: an error's sentence. */
  sentence: string;
}

export interface SimpleReply {
  errno: number;
  cookie: bigint;
  data: Uint8Array;
}

export interface Chunk {
  done: boolean;
  type: number;
  cookie: bigint;
  /** Request's offset, in extended headers only. */
  requestOffset: bigint | undefined;
  payload: Uint8Array;
}

export interface Descriptor {
  length: number;
  flags: number;
}

/** The stream ended where a reply should have been. */
export class EndOfStream extends Error {
  override name = "EndOfStream";
}

/** Takes the server's side of a dialogue apart. */
export class ReplyReader {
  /** @param read resolves to exactly so many bytes, or rejects with EndOfStream. */
  constructor(readonly read: (length: number) => Promise<Uint8Array>) {}

  /** Reads the greeting. @returns the handshake flags. */
  async greeting(): Promise<number> {
    const bytes = await this.read(18);
    expect(decode(bytes.subarray(0, 16)) === "NBDMAGICIHAVEOPT", "the greeting's magic");
    return view(bytes).getUint16(16);
  }

  async optionReply(): Promise<OptionReply> {
    const header = view(await this.read(20));
    expect(header.getBigUint64(0) === 0x3e889045565a9n, "the magic of an option's reply");
    const payload = await this.read(header.getUint32(16));
    return {
      option: header.getUint32(8),
      type: header.getUint32(12),
      payload,
      sentence: decode(payload),
    };
  }

  /** All replies to an option, up to the acknowledgement or the error. */
  async optionReplies(): Promise<OptionReply[]> {
    const replies: OptionReply[] = [];
    for (;;) {
      const reply = await this.optionReply();
      replies.push(reply);
      if (reply.type === REP.ACK || reply.type >= 2 ** 31) return replies;
    }
  }

  /** @param length of the data behind a success. */
  async simpleReply(length = 0): Promise<SimpleReply> {
    const header = view(await this.read(16));
    expect(header.getUint32(0) === 0x67446698, "the magic of a simple reply");
    const errno = header.getUint32(4);
    const data = await this.read(errno === 0 ? length : 0);
    return { errno, cookie: header.getBigUint64(8), data };
  }

  async chunk(): Promise<Chunk> {
    const header = view(await this.read(20));
    expect(header.getUint32(0) === 0x668e33ef, "the magic of a structured reply");
    const payload = await this.read(header.getUint32(16));
    return { ...this.#common(header), requestOffset: undefined, payload };
  }

  async extendedChunk(): Promise<Chunk> {
    const header = view(await this.read(32));
    expect(header.getUint32(0) === 0x6e8a278c, "the magic of an extended reply");
    const payload = await this.read(Number(header.getBigUint64(24)));
    return { ...this.#common(header), requestOffset: header.getBigUint64(16), payload };
  }

  /** The chunks of one reply, when no other reply comes between them. */
  async chunks(extended = false): Promise<Chunk[]> {
    const chunks: Chunk[] = [];
    for (;;) {
      const chunk = await (extended ? this.extendedChunk() : this.chunk());
      chunks.push(chunk);
      if (chunk.done) return chunks;
    }
  }

  #common(header: DataView) {
    return {
      done: (header.getUint16(4) & 1) !== 0,
      type: header.getUint16(6),
      cookie: header.getBigUint64(8),
    };
  }
}

/** errno of an error chunk. */
export function errnoOf(chunk: Chunk): number {
  expect((chunk.type & 0x8000) !== 0, "an error chunk");
  return view(chunk.payload).getUint32(0);
}

/** Offset at the end of an ERROR_OFFSET chunk, or at the start of an OFFSET_DATA chunk. */
export function offsetOf(chunk: Chunk): number {
  const at = chunk.type === CHUNK.ERROR_OFFSET ? chunk.payload.length - 8 : 0;
  return Number(view(chunk.payload).getBigUint64(at));
}

/** Data of an OFFSET_DATA chunk. */
export function dataOf(chunk: Chunk): Uint8Array {
  expect(chunk.type === CHUNK.OFFSET_DATA, "a data chunk");
  return chunk.payload.subarray(8);
}

/** Context id and extents of a BLOCK_STATUS or BLOCK_STATUS_EXT chunk. */
export function extentsOf(chunk: Chunk): { context: number; extents: Descriptor[] } {
  const wide = chunk.type === CHUNK.BLOCK_STATUS_EXT;
  expect(wide || chunk.type === CHUNK.BLOCK_STATUS, "a block status chunk");
  const fields = view(chunk.payload);
  const extents: Descriptor[] = [];
  for (let at = wide ? 8 : 4; at < chunk.payload.length; at += wide ? 16 : 8) {
    extents.push(
      wide
        ? { length: Number(fields.getBigUint64(at)), flags: Number(fields.getBigUint64(at + 8)) }
        : { length: fields.getUint32(at), flags: fields.getUint32(at + 4) },
    );
  }
  if (wide) expect(fields.getUint32(4) === extents.length, "the number of extents");
  return { context: fields.getUint32(0), extents };
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`the server's bytes are wrong: ${what}`);
}
