// The rule of a file, tried on the real program over a real socket. `rule` starts the program once, on a
// file of known bytes, and a client speaks bytes with it.

import { EndOfStream, ReplyReader } from "./wire.ts";
import {
  CLIENT_FLAGS,
  concat,
  extendedRequest,
  infoPayload,
  metaPayload,
  OPT,
  option,
  type Request,
  request,
} from "./wire.ts";
import { Program } from "../harness/program.ts";

/** Size of the served file unless a rule says otherwise: whole sectors, but no whole pages. */
export const SIZE = 2049 * 512;
/** A client that waits longer than this for a byte has met a hang. */
const PATIENCE_MS = 10_000;

export type Mode = "simple" | "structured" | "extended";
export const MODES: readonly Mode[] = ["simple", "structured", "extended"];
/** Modes with structured replies. */
export const CHUNKED_MODES: readonly Mode[] = ["structured", "extended"];

/** The byte of the served file at an offset: neighbours, sectors and larger strides all differ. */
export function byteAt(offset: number): number {
  return (offset + (offset >>> 8) * 7 + (offset >>> 16) * 13) & 0xff;
}

/** The bytes of a range of the served file. */
export function bytesAt(offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = byteAt(offset + index);
  return bytes;
}

export interface RuleOptions {
  /** Bytes of the served file, default SIZE. */
  readonly size?: number;
  /** Sectors of 512 bytes that an earlier run found bad. All others are in the image. */
  readonly badSectors?: readonly number[];
  /** More arguments for the program. */
  readonly args?: readonly string[];
  /** Clients may write, into an overlay. */
  readonly writable?: boolean;
}

/** Registers a test: the rule is its name, and `body` tries it on a running program. */
export function rule(
  name: string,
  body: (server: Server) => Promise<void>,
  options: RuleOptions = {},
): void {
  Deno.test(name, async () => {
    const dir = Deno.makeTempDirSync({ prefix: "blkcache-test-" });
    try {
      await using server = await Server.start(dir, options);
      await body(server);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
}

/** The running program. */
export class Server implements AsyncDisposable {
  readonly program: Program;
  readonly #socket: string;
  readonly #clients: Client[] = [];

  private constructor(program: Program, socket: string) {
    this.program = program;
    this.#socket = socket;
  }

  static async start(dir: string, { size = SIZE, badSectors, args = [], writable }: RuleOptions) {
    const data = bytesAt(0, size);
    Deno.writeFileSync(`${dir}/device`, data);
    if (badSectors !== undefined) {
      Deno.writeFileSync(`${dir}/image`, data);
      Deno.writeTextFileSync(`${dir}/image.map`, mapfile(size, badSectors));
    }
    const serve = ["serve", `${dir}/device`, `${dir}/image`, "--socket", `${dir}/socket`];
    const overlay = writable ? ["--overlay", `${dir}/overlay`] : [];
    const program = Program.start([...serve, ...overlay, ...args], { dir });
    try {
      await program.ready();
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
    return new Server(program, `${dir}/socket`);
  }

  /** A client that has not said anything; it is closed with the server. */
  async dial(): Promise<Client> {
    const client = new Client(await Deno.connect({ transport: "unix", path: this.#socket }));
    this.#clients.push(client);
    return client;
  }

  /** A client that has been greeted and has answered. */
  async greeted(): Promise<Client> {
    const client = await this.dial();
    await client.greeting();
    await client.send(CLIENT_FLAGS);
    return client;
  }

  /** A client in the transmission phase. */
  async enter(mode: Mode, contexts: readonly string[] = []): Promise<Client> {
    const client = await this.greeted();
    client.mode = mode;
    if (mode === "structured") await client.ask(option(OPT.STRUCTURED_REPLY));
    if (mode === "extended") await client.ask(option(OPT.EXTENDED_HEADERS));
    if (contexts.length > 0) {
      await client.ask(option(OPT.SET_META_CONTEXT, metaPayload("", contexts)));
    }
    await client.ask(option(OPT.GO, infoPayload("")));
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.program[Symbol.asyncDispose]();
  }
}

/** One connection, byte by byte. */
export class Client extends ReplyReader {
  mode: Mode = "simple";
  readonly #connection: Deno.UnixConn | Deno.TcpConn;
  readonly #patienceMs: number;
  #isOpen = true;

  /** @param patienceMs longest wait for a byte. */
  constructor(connection: Deno.UnixConn | Deno.TcpConn, patienceMs = PATIENCE_MS) {
    super((length) => this.#readExactly(length));
    this.#connection = connection;
    this.#patienceMs = patienceMs;
  }

  async send(...parts: readonly Uint8Array[]): Promise<void> {
    let bytes = concat(...parts);
    while (bytes.length > 0) bytes = bytes.subarray(await this.#connection.write(bytes));
  }

  /** Sends an option and reads its replies. */
  async ask(optionBytes: Uint8Array) {
    await this.send(optionBytes);
    return await this.optionReplies();
  }

  /** Sends requests in the client's mode. */
  async request(...requests: readonly Request[]): Promise<void> {
    await this.send(...requests.map(this.mode === "extended" ? extendedRequest : request));
  }

  /** errno of the next reply, which carries no data; 0 for success. */
  async outcome(): Promise<{ cookie: bigint; errno: number }> {
    if (this.mode === "simple") {
      const { cookie, errno } = await this.simpleReply();
      return { cookie, errno };
    }
    const [{ cookie, type, payload }, ...others] = await this.chunks() as [
      Awaited<ReturnType<Client["chunk"]>>,
    ];
    if (others.length > 0) throw new Error("more chunks than one");
    const errno = type >= 0x8000
      ? new DataView(payload.buffer, payload.byteOffset).getUint32(0)
      : 0;
    return { cookie, errno };
  }

  /** Data of a read that succeeds with one reply. */
  async data(length: number): Promise<Uint8Array> {
    if (this.mode === "simple") return (await this.simpleReply(length)).data;
    return (await this.chunks())[0]!.payload.subarray(8);
  }

  /** The chunks of the next reply. */
  override chunks(extended = this.mode === "extended") {
    return super.chunks(extended);
  }

  /** Says no more, and goes on listening. */
  async sayNoMore(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Waits for the server to close, which it must do without another byte. */
  async closed(): Promise<void> {
    const bytes = new Uint8Array(1);
    if (await this.#read(bytes) === 0) return;
    throw new Error(`the server says 0x${bytes[0]!.toString(16)} instead of closing`);
  }

  /** Reads and drops whatever the server says, until it closes. */
  async drain(): Promise<void> {
    const bytes = new Uint8Array(65536);
    while (await this.#read(bytes) > 0);
  }

  close(): void {
    if (this.#isOpen) this.#connection.close();
    this.#isOpen = false;
  }

  async #readExactly(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const count = await this.#read(bytes.subarray(at));
      if (count === 0) throw new EndOfStream(`the server closed after ${at} of ${length} bytes`);
      at += count;
    }
    return bytes;
  }

  /** @returns 0 when the server has closed: with bytes of ours unread, that looks like a reset. */
  async #read(bytes: Uint8Array): Promise<number> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error("the server says nothing")),
      this.#patienceMs,
    );
    try {
      return await Promise.race([this.#connection.read(bytes), late.promise]) ?? 0;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) return 0;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A ddrescue mapfile: everything is there but the bad sectors. */
function mapfile(size: number, badSectors: readonly number[]): string {
  const lines = ["0x0  -  1"];
  let position = 0;
  const block = (end: number, status: string) => {
    if (end > position) lines.push(`${position}  ${end - position}  ${status}`);
    position = end;
  };
  for (const sector of badSectors) {
    block(sector * 512, "+");
    block((sector + 1) * 512, "-");
  }
  block(size, "+");
  return lines.join("\n") + "\n";
}
