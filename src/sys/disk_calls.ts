// System calls that may wait for a disk, as data. Code that describes the calls need not know where they are made:
// on its own thread, which may block, or for main on a thread of Deno's pool.
import { EIO } from "./errno.ts";
import { libc } from "./libc.ts";
import { addressOf } from "./memory.ts";
import { retried } from "./system_error.ts";

const CALLS = {
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u64"], result: "i32" },
  pwrite: { parameters: ["i32", "buffer", "u64", "i64"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  fchown: { parameters: ["i32", "u32", "u32"], result: "i32" },
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  fsync: { parameters: ["i32"], result: "i32" },
  fdatasync: { parameters: ["i32"], result: "i32" },
  linkat: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  renameat: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

type Bytes = Uint8Array<ArrayBuffer>;

/** A call: its name and its arguments, as in C. The caller keeps its buffers alive. */
export type DiskCall =
  | readonly ["openat", directory: number, name: Bytes, flags: number, mode: number]
  | readonly ["write", fd: number, bytes: Bytes, length: bigint]
  | readonly ["pwrite", fd: number, bytes: Bytes, length: bigint, offset: bigint]
  | readonly ["statx", fd: number, name: Bytes, flags: number, mask: number, buffer: Bytes]
  | readonly ["fchown", fd: number, uid: number, gid: number]
  | readonly ["fchmod", fd: number, mode: number]
  | readonly ["fsync" | "fdatasync" | "close", fd: number]
  | readonly ["linkat", from: number, old: Bytes, to: number, name: Bytes, flags: number]
  | readonly ["renameat", from: number, old: Bytes, to: number, name: Bytes]
  | readonly ["unlinkat", directory: number, name: Bytes, flags: number];

/** Any of the functions, for arguments that belong to it. */
type Call<R> = (...args: readonly unknown[]) => R;

/** Loaded where it is used: by main. */
let elsewhere: Record<DiskCall[0], Call<Promise<number>>> | undefined;

/** Makes the call on this thread, which may block. @returns what it gives, or -errno. */
export function callHere(call: DiskCall): number {
  if (call[0] === "write") {
    const [, fd, bytes, length] = call;
    return retried(() => libc.write(fd, BigInt(addressOf(bytes)), length));
  }
  if (call[0] === "pwrite") {
    const [, fd, bytes, length, offset] = call;
    return retried(() => libc.pwrite(fd, BigInt(addressOf(bytes)), length, offset));
  }
  const [name, ...args] = call;
  const symbol = libc[name] as Call<number>;
  // Linux frees a descriptor even when closing it fails, and what matters has been synced before.
  return name === "close" ? Math.max(symbol(...args), 0) : retried(() => symbol(...args));
}

/**
 * Makes the call on a thread of Deno's pool; the calling thread goes on meanwhile.
 * @returns what it gives, or -errno.
 */
export async function callElsewhere(call: DiskCall): Promise<number> {
  const [name, ...args] = call;
  elsewhere ??= Deno.dlopen("libc.so.6", nonblocking()).symbols as unknown as Record<
    DiskCall[0],
    Call<Promise<number>>
  >;
  const result = await elsewhere[name](...args);
  if (name === "close") return 0;
  if (result >= 0) return result;
  // errno is lost with that thread. What fails does so again, at once, and says why; a disk that hangs does not
  // come this far.
  const again = callHere(call);
  // A sync that failed is reported once: the kernel forgets what it could not write, and all looks well.
  const isSync = name === "fsync" || name === "fdatasync";
  return isSync && again === 0 ? -EIO : again;
}

function nonblocking(): Deno.ForeignLibraryInterface {
  return Object.fromEntries(
    Object.entries(CALLS).map(([name, call]) => [name, { ...call, nonblocking: true }]),
  );
}
