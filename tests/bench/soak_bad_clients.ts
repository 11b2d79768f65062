// The clients of the soak that are in the way of the good one: idle, greedy, slow and killed ones. All of them go on
// until they are told to stop, and are gone when `stop` has resolved.

import { Random } from "../conformance/mutation.ts";
import {
  CLIENT_FLAGS,
  CMD,
  concat,
  infoPayload,
  OPT,
  option,
  request,
} from "../conformance/wire.ts";

/** How many of each there are at a time. */
export const IDLE = 8;
export const GREEDY = 2;
export const SLOW = 6;
/** Between two clients that are killed, milliseconds; they live up to half a second. */
const KILLED_EVERY_MS = 2_000;
const HANDSHAKE = concat(CLIENT_FLAGS, option(OPT.GO, infoPayload("")));

/** The idle, greedy, slow and killed clients of the soak, until `stop` has resolved. */
export class BadClients {
  readonly #socket: string;
  readonly #random: Random;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>[];
  /** Clients so far that were begun anew because they had ended, or were killed. */
  count = 0;

  /**
   * @param size of the export, bytes.
   * @param areKilled some clients are; not every server survives that.
   */
  constructor(socket: string, size: number, seed: number, areKilled: boolean) {
    this.#socket = socket;
    this.#random = new Random(seed);
    const times = (count: number, run: (index: number) => Promise<void>) =>
      Array.from({ length: count }, (_, index) => this.#again(() => run(index)));
    this.#running = [
      ...times(IDLE, () => this.#idle()),
      ...times(GREEDY, () => this.#greedy()),
      ...times(SLOW, (index) => index % 2 === 0 ? this.#slowToAsk() : this.#slowToRead(size)),
      ...times(areKilled ? 1 : 0, () => this.#killed()),
    ];
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#running);
  }

  async #again(run: () => Promise<void>): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.count++;
      try {
        await run();
      } catch (error) {
        // A server may refuse or close: that is its answer to such clients.
        if (!this.#stopped.signal.aborted && !isClosed(error)) throw error;
      }
      await this.#pause(100);
    }
  }

  /** Asks for the export, and for nothing else. */
  async #idle(): Promise<void> {
    using connection = await this.#connect();
    await connection.write(HANDSHAKE);
    await this.#listen(connection);
  }

  /** 16 reads of 32 MiB at a time, as fast as they come. */
  async #greedy(): Promise<void> {
    const size = ["--request-size=33554432", "--requests=16"];
    await this.#run("nbdcopy", ["--connections=1", ...size, this.#uri, "null:"]);
  }

  /** A byte a second: slow loris. */
  async #slowToAsk(): Promise<void> {
    using connection = await this.#connect();
    for (const byte of HANDSHAKE) {
      await connection.write(Uint8Array.of(byte));
      await this.#pause(1000);
      if (this.#stopped.signal.aborted) return;
    }
    await this.#listen(connection);
  }

  /** Asks for 1 MiB and takes 1 KiB a second of the answer. */
  async #slowToRead(size: number): Promise<void> {
    using connection = await this.#connect();
    await connection.write(HANDSHAKE);
    const offset = this.#random.below(Math.max(1, Math.floor(size / 2 ** 20))) * 2 ** 20;
    await connection.write(request({ type: CMD.READ, offset, length: 2 ** 20 }));
    const bytes = new Uint8Array(1024);
    while (!this.#stopped.signal.aborted) {
      if (await connection.read(bytes) === null) return;
      await this.#pause(1000);
    }
  }

  async #killed(): Promise<void> {
    await this.#run("nbdcopy", [this.#uri, "null:"], 50 + this.#random.below(450));
    await this.#pause(KILLED_EVERY_MS);
  }

  get #uri(): string {
    return `nbd+unix:///?socket=${this.#socket}`;
  }

  /** The connection is closed when all is stopped, so that nothing waits for it. */
  async #connect(): Promise<Deno.UnixConn> {
    const connection = await Deno.connect({ transport: "unix", path: this.#socket });
    this.#stopped.signal.addEventListener("abort", () => {
      try {
        connection.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    });
    // It may have been stopped while it connected.
    this.#stopped.signal.throwIfAborted();
    return connection;
  }

  /** Until the server closes. */
  async #listen(connection: Deno.UnixConn): Promise<void> {
    const bytes = new Uint8Array(4096);
    while (await connection.read(bytes) !== null);
  }

  async #run(name: string, args: string[], killAfterMs = Infinity): Promise<void> {
    const child = new Deno.Command(name, { args, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
    const kill = () => {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        // It has ended in this moment.
        if (!(error instanceof TypeError)) throw error;
      }
    };
    this.#stopped.signal.addEventListener("abort", kill);
    const timer = killAfterMs === Infinity ? undefined : setTimeout(kill, killAfterMs);
    await child.status;
    clearTimeout(timer);
    this.#stopped.signal.removeEventListener("abort", kill);
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopped;
    if (signal.aborted) return;
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms);
    signal.addEventListener("abort", () => over.resolve(), { once: true });
    await over.promise;
    clearTimeout(timer);
  }
}

function isClosed(error: unknown): boolean {
  const kinds = [
    Deno.errors.ConnectionRefused,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.BadResource,
    Deno.errors.Interrupted,
    Deno.errors.NotConnected,
  ];
  return kinds.some((kind) => error instanceof kind);
}
