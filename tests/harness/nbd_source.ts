// A file served by nbdkit: a source whose every read is on record, and that fails, dawdles or hangs at will.

import { until } from "./tool.ts";

/** One read that reached the source. */
export interface SourceRead {
  readonly offset: number;
  readonly length: number;
  /** Undefined while it is under way. */
  readonly failed: boolean | undefined;
}

/** What is wrong with the source. */
export interface SourceOptions {
  /** Bytes that cannot be read: a read that touches any of them fails as a whole. */
  bad?: readonly (readonly [offset: number, length: number])[];
  /** Each read takes so long at least. */
  delayMs?: number;
  /** Most bytes a second. */
  bytesPerSecond?: number;
  /** Allows `hang`. */
  canHang?: boolean;
  /** Allows `failAll`. */
  canFail?: boolean;
}

/** A running nbdkit. Declare it with `await using`. */
export class NbdSource implements AsyncDisposable {
  readonly socket: string;
  readonly #child: Deno.ChildProcess;
  readonly #log: string;
  readonly #control: string;
  #mark = 0;

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.#child = child;
    this.socket = `${folder}/source.sock`;
    this.#log = `${folder}/source.log`;
    this.#control = `${folder}/source.control`;
  }

  /** Serves `file`; `folder` is for what the source needs, of its own. */
  static async start(file: string, folder: string, options: SourceOptions = {}) {
    const { bad = [], delayMs = 0, bytesPerSecond = 0, canHang = false, canFail = false } = options;
    const filters = ["log"];
    const args = ["file", file, `logfile=${folder}/source.log`];
    if (canHang) {
      filters.push("pause");
      args.push(`pause-control=${folder}/source.control`);
    }
    if (canFail) {
      filters.push("error");
      args.push("error-pread=EIO", "error-pread-rate=100%", `error-file=${folder}/source.failing`);
    }
    if (delayMs > 0) {
      filters.push("delay");
      args.push(`rdelay=${delayMs}ms`);
    }
    if (bytesPerSecond > 0) {
      filters.push("rate");
      args.push(`rate=${bytesPerSecond * 8}`);
    }
    if (bad.length > 0) {
      filters.push("ddrescue");
      args.push(`ddrescue-mapfile=${folder}/source.map`);
      Deno.writeTextFileSync(`${folder}/source.map`, badMap(bad, Deno.statSync(file).size));
    }
    const pidFile = `${folder}/source.pid`;
    const child = new Deno.Command("nbdkit", {
      args: [
        ...["-f", "-r", "-P", pidFile, "-U", `${folder}/source.sock`],
        ...filters.map((filter) => `--filter=${filter}`),
        ...args,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const source = new NbdSource(child, folder);
    try {
      await until("nbdkit is ready", () => sizeOf(pidFile) > 0);
    } catch (error) {
      await source[Symbol.asyncDispose]();
      throw error;
    }
    return source;
  }

  get uri(): string {
    return `nbd+unix:///?socket=${this.socket}`;
  }

  /** Forgets the reads so far. */
  mark(): void {
    this.#mark = sizeOf(this.#log);
  }

  /** The reads since `mark`, in the order of their arrival. */
  reads(): SourceRead[] {
    const text = new TextDecoder().decode(Deno.readFileSync(this.#log).subarray(this.#mark));
    return parseLog(text);
  }

  /** Of those, the ones that have failed. */
  failedReads(): SourceRead[] {
    return this.reads().filter(({ failed }) => failed);
  }

  /** Bytes that it has delivered since `mark`. */
  deliveredBytes(): number {
    return this.reads().filter(({ failed }) => failed === false)
      .reduce((sum, { length }) => sum + length, 0);
  }

  /** From now on reads do not end, until what it returns is disposed of. Needs `canHang`. */
  async hang(): Promise<AsyncDisposable> {
    await command(this.#control, "p");
    return { [Symbol.asyncDispose]: () => command(this.#control, "r") };
  }

  /** From now on every read fails, until what it returns is disposed of. Needs `canFail`. */
  failAll(): Disposable {
    const file = `${this.#control.slice(0, -"control".length)}failing`;
    Deno.writeTextFileSync(file, "");
    return { [Symbol.dispose]: () => Deno.removeSync(file) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    await this.#child.status;
  }
}

/** The mapfile that tells nbdkit's ddrescue filter what cannot be read. */
function badMap(bad: readonly (readonly [number, number])[], size: number): string {
  const lines = ["0x0 +"];
  let at = 0;
  const add = (length: number, status: string) => {
    if (length > 0) lines.push(`0x${at.toString(16)} 0x${length.toString(16)} ${status}`);
    at += length;
  };
  for (const [offset, length] of [...bad].sort(([a], [b]) => a - b)) {
    add(offset - at, "+");
    add(length, "-");
  }
  add(size - at, "+");
  return lines.join("\n") + "\n";
}

/** Lines of nbdkit's log filter, such as `... connection=1 Read id=2 offset=0x0 count=0x1000 ...`. */
function parseLog(text: string): SourceRead[] {
  const reads = new Map<string, { offset: number; length: number; failed: boolean | undefined }>();
  const all = [];
  for (const line of text.split("\n")) {
    const [, connection, answer, id] = /connection=(\d+) (\.\.\.)?Read id=(\d+) /.exec(line) ?? [];
    if (id === undefined) continue;
    const key = `${connection}/${id}`;
    if (answer) {
      const read = reads.get(key);
      if (read) read.failed = !/return=0\b/.test(line);
      continue;
    }
    const [, offset, length] = /offset=(\w+) count=(\w+)/.exec(line)!;
    const read = { offset: Number(offset), length: Number(length), failed: undefined };
    reads.set(key, read);
    all.push(read);
  }
  return all;
}

/** Sends one letter to nbdkit's pause filter, which repeats it in upper case when it is done. */
async function command(control: string, letter: string): Promise<void> {
  using connection = await Deno.connect({ transport: "unix", path: control });
  await connection.write(new TextEncoder().encode(letter));
  const answer = new Uint8Array(1);
  await connection.read(answer);
  const expected = letter.toUpperCase();
  if (answer[0] !== expected.charCodeAt(0)) throw new Error(`nbdkit did not say "${expected}"`);
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
