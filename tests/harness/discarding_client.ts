// An NBD client that has any number of reads in flight and throws away what it gets. Simple replies; no memory
// for the bytes, so it can ask for gigabytes. Source: doc/proto.md, "Transmission".

import {
  NBD_CMD_READ,
  NBD_FLAG_C_FIXED_NEWSTYLE,
  NBD_FLAG_C_NO_ZEROES,
  NBD_OPT_EXPORT_NAME,
  NBD_REQUEST_MAGIC,
  NBD_SIMPLE_REPLY_MAGIC,
} from "../../src/nbd/constants.ts";

const GREETING_BYTES = 18;
const EXPORT_BYTES = 10;
const REQUEST_BYTES = 28;
const HEADER_BYTES = 16;
const INPUT_BYTES = 1_048_576;

class ConnectionLost extends Error {}

/** A read that is not answered yet. */
interface Asked {
  readonly length: number;
  readonly answered: (errno: number) => void;
}

/** A connection. Declare it with `using`: it is closed without a good-bye, whatever is in flight. */
export class DiscardingClient implements Disposable {
  readonly #connection: Deno.UnixConn;
  readonly #input = new Uint8Array(INPUT_BYTES);
  readonly #asked = new Map<number, Asked>();
  #lastCookie = 0;
  #isClosed = false;

  private constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
  }

  /** @param path of the server's Unix socket. */
  static async connect(path: string, exportName = ""): Promise<DiscardingClient> {
    const connection = await Deno.connect({ transport: "unix", path });
    const client = new DiscardingClient(connection);
    await client.#receive(GREETING_BYTES);
    const name = new TextEncoder().encode(exportName);
    const option = new DataView(new ArrayBuffer(20 + name.length));
    option.setUint32(0, NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES);
    new Uint8Array(option.buffer).set(new TextEncoder().encode("IHAVEOPT"), 4);
    option.setUint32(12, NBD_OPT_EXPORT_NAME);
    option.setUint32(16, name.length);
    new Uint8Array(option.buffer).set(name, 20);
    await client.#send(option);
    await client.#receive(EXPORT_BYTES);
    client.#takeReplies();
    return client;
  }

  /** Reads that are not answered. */
  get pending(): number {
    return this.#asked.size;
  }

  /** Asks for a read. @returns its error number, 0 when it was read; -1 when the connection is lost. */
  async read(offset: number, length: number): Promise<number> {
    const cookie = ++this.#lastCookie;
    const answer = new Promise<number>((answered) => this.#asked.set(cookie, { length, answered }));
    const request = new DataView(new ArrayBuffer(REQUEST_BYTES));
    request.setUint32(0, NBD_REQUEST_MAGIC);
    request.setUint16(6, NBD_CMD_READ);
    request.setBigUint64(8, BigInt(cookie));
    request.setBigUint64(16, BigInt(offset));
    request.setUint32(24, length);
    await this.#send(request);
    return await answer;
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  async #send({ buffer }: DataView<ArrayBuffer>): Promise<void> {
    const bytes = new Uint8Array(buffer);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** Receives so many bytes. Of more than the input holds, the last are in it. */
  async #receive(length: number): Promise<void> {
    for (let have = 0; have < length;) {
      const room = length > INPUT_BYTES ? this.#input : this.#input.subarray(have);
      const count = await this.#connection.read(room.subarray(0, length - have));
      if (count === null) throw new ConnectionLost("the server has closed the connection");
      have += count;
    }
  }

  async #takeReplies(): Promise<void> {
    const header = new DataView(this.#input.buffer);
    try {
      for (;;) {
        await this.#receive(HEADER_BYTES);
        if (header.getUint32(0) !== NBD_SIMPLE_REPLY_MAGIC) throw new Error("not a simple reply");
        const errno = header.getUint32(4);
        const cookie = Number(header.getBigUint64(8));
        const { length, answered } = this.#asked.get(cookie)!;
        if (errno === 0) await this.#receive(length);
        this.#asked.delete(cookie);
        answered(errno);
      }
    } catch (error) {
      if (!this.#isClosed && !(error instanceof ConnectionLost)) throw error;
    }
    for (const { answered } of this.#asked.values()) answered(-1);
  }
}
