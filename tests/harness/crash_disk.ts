// A disk whose power can be cut. It makes the calls for real, in a folder of a test's own, and keeps what each of
// them changed; then it gives every state in which a restart could find the folder, had the power gone after any
// of the calls.
//
// What a power cut does: bytes that were not synced may be there, or not, or half of each write, in any
// combination. Names that were made, changed or removed since the last sync of the folder may be there or not,
// the earlier ones before the later ones, as a file system's journal keeps them. What was synced is there.
import { basename } from "@std/path";
import { callHere, type DiskCall } from "../../src/sys/disk_calls.ts";
import { O_CREAT } from "../../src/sys/open_flags.ts";

/** A state in which a restart may find the folder. */
export interface Crash {
  /** The call after which the power went: "fsync a.map.tmp", or what `say` was given last. */
  readonly after: string;
  /** What `say` was given until then. */
  readonly said: readonly string[];
  /** Content by name. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

interface Write {
  readonly inode: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

type Names = Map<string, number>;

/** One change, with what it is called. */
interface Change {
  readonly what: string;
  readonly write?: Write;
  readonly names?: (names: Names) => void;
  readonly syncedFile?: number;
  readonly isFolderSynced?: boolean;
  readonly said?: string;
}

/** More writes than these wait for a sync at the same time: each of them makes three times as many states. */
const MOST_WAITING = 7;

/** A disk whose power can be cut after any call; it lists the states that a restart could find. */
export class CrashDisk {
  readonly #folder: string;
  readonly #first: Names = new Map();
  readonly #firstBytes = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #changes: Change[] = [];
  readonly #names: Names = new Map();
  readonly #positions = new Map<number, number>();
  #inodes = 0;
  /** Called before and after each call is made, with what the call is called. */
  before: (what: string) => void = () => {};
  after: (what: string) => void = () => {};

  /** @param folder what is in it now has reached the disk. */
  constructor(folder: string) {
    this.#folder = folder;
    for (const { name } of Deno.readDirSync(folder)) {
      const inode = this.#inodes++;
      this.#first.set(name, inode);
      this.#names.set(name, inode);
      this.#firstBytes.set(inode, Deno.readFileSync(`${folder}/${name}`));
    }
  }

  /** Makes a call. To be given as a Disk. */
  readonly call = (call: DiskCall): number => {
    const what = this.#whatOf(call);
    if (what !== undefined) this.before(what);
    const result = callHere(call);
    if (what !== undefined && result >= 0) {
      this.#record(what, call, result);
      this.after(what);
    }
    return result;
  };

  /** The same as a DistantDisk. */
  readonly callElsewhere = (call: DiskCall): Promise<number> => Promise.resolve(this.call(call));

  /** Bytes have been written to a file by other calls than these. */
  wrote(name: string, offset: number, bytes: Uint8Array): void {
    const inode = this.#names.get(name)!;
    this.#changes.push({ what: `pwrite ${name}`, write: { inode, offset, bytes: bytes.slice() } });
  }

  /** A name has been removed by another call than these. */
  removed(name: string): void {
    this.#names.delete(name);
    this.#changes.push({ what: `unlink ${name}`, names: (names) => names.delete(name) });
  }

  /** What must hold from now on: whoever looks at a crash finds it in `said`. */
  say(what: string): void {
    this.#changes.push({ what, said: what });
  }

  /** The calls that changed something, or made it last, in order. */
  get calls(): string[] {
    return this.#changes.filter(({ said }) => said === undefined).map(({ what }) => what);
  }

  /** All states in which a restart may find the folder. Some come more than once. */
  *crashes(): Generator<Crash> {
    const said: string[] = [];
    const durable: Names = new Map(this.#first);
    let waitingNames: ((names: Names) => void)[] = [];
    const contents = new Map(this.#firstBytes);
    let waiting: Write[] = [];
    let after = "the start";
    for (let count = 0;; count++) {
      const names = new Map(durable);
      for (let index = 0;; index++) {
        yield* statesOf(names, contents, waiting, after, said);
        if (index === waitingNames.length) break;
        waitingNames[index]!(names);
      }
      const change = this.#changes[count];
      if (change === undefined) return;
      after = change.what;
      if (change.said !== undefined) said.push(change.said);
      if (change.names !== undefined) waitingNames.push(change.names);
      if (change.write !== undefined) waiting.push(change.write);
      if (change.syncedFile !== undefined) {
        const { syncedFile } = change;
        for (const write of waiting.filter(({ inode }) => inode === syncedFile)) {
          contents.set(syncedFile, written(contents.get(syncedFile), write, write.bytes.length));
        }
        waiting = waiting.filter(({ inode }) => inode !== syncedFile);
      }
      if (change.isFolderSynced) {
        for (const apply of waitingNames) apply(durable);
        waitingNames = [];
      }
    }
  }

  /** Undefined: it changes nothing. */
  #whatOf(call: DiskCall): string | undefined {
    switch (call[0]) {
      case "openat":
        return (call[3] & O_CREAT) === 0 ? undefined : `create ${text(call[2])}`;
      case "write":
      case "pwrite":
      case "fsync":
      case "fdatasync":
        return `${call[0]} ${this.#nameOf(call[1])}`;
      case "linkat":
      case "renameat":
        return `${call[0].slice(0, -2)} ${text(call[2])} ${text(call[4])}`;
      case "unlinkat":
        return `unlink ${text(call[2])}`;
      default:
        return undefined;
    }
  }

  #record(what: string, call: DiskCall, result: number): void {
    const names = this.#names;
    const change = (apply: (names: Names) => void) => {
      apply(names);
      this.#changes.push({ what, names: apply });
    };
    switch (call[0]) {
      case "openat": {
        const name = text(call[2]);
        const inode = names.get(name) ?? this.#inodes++;
        this.#positions.set(inode, 0);
        return change((names) => names.set(name, inode));
      }
      case "write":
      case "pwrite": {
        const inode = names.get(this.#nameOf(call[1]))!;
        const offset = call[0] === "pwrite" ? Number(call[4]) : this.#positions.get(inode) ?? 0;
        if (call[0] === "write") this.#positions.set(inode, offset + result);
        const write = { inode, offset, bytes: call[2].slice(0, result) };
        this.#changes.push({ what, write });
        return;
      }
      case "fsync":
      case "fdatasync": {
        const name = this.#nameOf(call[1]);
        if (name === ".") this.#changes.push({ what, isFolderSynced: true });
        else this.#changes.push({ what, syncedFile: names.get(name)! });
        return;
      }
      case "linkat": {
        const [from, to] = [text(call[2]), text(call[4])];
        return change((names) => names.set(to, names.get(from)!));
      }
      case "renameat": {
        const [from, to] = [text(call[2]), text(call[4])];
        return change((names) => {
          const inode = names.get(from)!;
          // rename(2) of two links to one file does nothing.
          if (names.get(to) === inode) return;
          names.delete(from);
          names.set(to, inode);
        });
      }
      case "unlinkat": {
        const name = text(call[2]);
        return change((names) => names.delete(name));
      }
    }
  }

  #nameOf(fd: number): string {
    const path = Deno.readLinkSync(`/proc/self/fd/${fd}`);
    return path === Deno.realPathSync(this.#folder) ? "." : basename(path);
  }
}

/** The states of the files with these names: of each write that waits, all may be there, nothing, or half. */
function* statesOf(
  names: Names,
  contents: ReadonlyMap<number, Uint8Array<ArrayBuffer>>,
  waiting: readonly Write[],
  after: string,
  said: readonly string[],
): Generator<Crash> {
  const named = new Set(names.values());
  const writes = waiting.filter(({ inode }) => named.has(inode));
  if (writes.length > MOST_WAITING) throw new Error(`${writes.length} writes wait for a sync`);
  for (let choice = 0; choice < 3 ** writes.length; choice++) {
    const now = new Map(contents);
    for (const [index, write] of writes.entries()) {
      const part = Math.floor(choice / 3 ** index) % 3;
      const length = Math.floor(write.bytes.length * part / 2);
      if (length > 0) now.set(write.inode, written(now.get(write.inode), write, length));
    }
    const files = Array.from(names, ([name, inode]) => [name, now.get(inode) ?? EMPTY] as const);
    yield { after, said: [...said], files: new Map(files) };
  }
}

const EMPTY = new Uint8Array(0);

function written(
  before: Uint8Array<ArrayBuffer> = EMPTY,
  { offset, bytes }: Write,
  length: number,
): Uint8Array<ArrayBuffer> {
  const after = new Uint8Array(Math.max(before.length, offset + length));
  after.set(before);
  after.set(bytes.subarray(0, length), offset);
  return after;
}

function text(name: Uint8Array): string {
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}

/** Puts the files of a crash into an empty folder. */
export function putBack(crash: Crash, folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) Deno.removeSync(`${folder}/${name}`);
  for (const [name, bytes] of crash.files) Deno.writeFileSync(`${folder}/${name}`, bytes);
}
