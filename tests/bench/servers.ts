// The servers that are compared: how each is started on a source, with a Unix socket in a folder of its own.

/** A way to serve a file over NBD. */
export interface Server {
  readonly name: string;
  /** Export name; default "". */
  readonly exportName?: string;
  /**
   * The command that serves `source` at `${folder}/socket` in the foreground, keeping what it keeps in
   * `folder`. What it needs beforehand is in `prepare`.
   */
  command(source: string, folder: string): readonly string[];
  /** Commands to run first. */
  prepare?(source: string, folder: string): readonly (readonly string[])[];
  /** A file to write first. */
  configuration?(source: string, folder: string): string;
  /** It goes into the background, and writes its pid to `${folder}/pid`. */
  readonly isDaemon?: boolean;
}

const ROOT = new URL("../../", import.meta.url).pathname;

/** The compiled program that BLKCACHE names, else the sources. */
export function blkcacheCommand(): string[] {
  const compiled = Deno.env.get("BLKCACHE");
  if (compiled) return [Deno.realPathSync(compiled)];
  return [Deno.execPath(), "run", "-q", "-P", `--config=${ROOT}deno.json`, `${ROOT}main.ts`];
}

const blkcache = (name: string, program: () => readonly string[]): Server => ({
  name,
  command: (source, folder) => [
    ...program(),
    ...["serve", source, `${folder}/image`, "--quiet", `--socket=${folder}/socket`],
  ],
});

export const BLKCACHE = blkcache("blkcache", blkcacheCommand);

/** The column of another build. */
export const BEFORE = "blkcache before";

/** Another build of the program. */
export function anotherBuild(path: string): Server {
  return blkcache(BEFORE, () => [path]);
}

const nbdkit = (name: string, ...args: string[]): Server => ({
  name,
  command: (source, folder) => [
    ...["nbdkit", "-f", "-r", "-U", `${folder}/socket`, "file", source],
    ...args,
  ],
});

export const NBDKIT_FILE = nbdkit("nbdkit file");
export const NBDKIT_CACHE = nbdkit("nbdkit cache", "--filter=cache", "cache-on-read=true");
export const NBDKIT_COW = nbdkit("nbdkit cow", "--filter=cow", "cow-on-read=true");
/** Reads no more than it is asked for, where the others read 64 KiB. */
export const NBDKIT_COW_4K = nbdkit(
  "nbdkit cow, 4 KiB blocks",
  ...["--filter=cow", "cow-on-read=true", "cow-block-size=4096"],
);

/** As many clients at a time as blkcache takes. */
const QEMU_NBD = ["qemu-nbd", "--persistent", "--shared=64"];

export const QEMU_NBD_RAW: Server = {
  name: "qemu-nbd",
  command: (source, folder) => [
    ...[...QEMU_NBD, `--socket=${folder}/socket`, "--read-only", "--format=raw", source],
  ],
};

export const QEMU_COPY_ON_READ: Server = {
  name: "qemu copy-on-read",
  prepare: (source, folder) => [
    ["qemu-img", "create", "-q", "-f", "qcow2", "-b", source, "-F", "raw", `${folder}/overlay`],
  ],
  // Not --read-only: it could not keep what it reads.
  command: (_source, folder) => [
    ...[...QEMU_NBD, `--socket=${folder}/socket`, "--image-opts"],
    `driver=copy-on-read,file.driver=qcow2,file.file.driver=file,file.file.filename=${folder}/overlay`,
  ],
};

export const NBD_SERVER: Server = {
  name: "nbd-server",
  exportName: "disk",
  isDaemon: true,
  configuration: (source, folder) =>
    `[generic]\nunixsock = ${folder}/socket\n[disk]\nexportname = ${source}\nreadonly = true\n`,
  command: (
    _source,
    folder,
  ) => ["nbd-server", "-C", `${folder}/configuration`, "-p", `${folder}/pid`],
};

/** What blkcache re-imagines: a plugin of nbdkit's in Python. @param checkout a folder with its sources. */
export function pythonOriginal(checkout: string): Server {
  return {
    name: "Python original",
    // The file of its cache has to be as large as the source.
    prepare: (source, folder) => [["truncate", `--reference=${source}`, `${folder}/cache`]],
    command: (source, folder) => [
      ...["env", `PYTHONPATH=${checkout}/src`, "nbdkit", "-f", "-r", "-U", `${folder}/socket`],
      ...["python", `${checkout}/src/blkcache/backend.py`],
      ...[`device=${source}`, `cache=${folder}/cache`],
    ],
  };
}

/** Serve what they have at hand. */
export const WARM_SERVERS = [BLKCACHE, NBDKIT_FILE, NBDKIT_CACHE, QEMU_NBD_RAW, NBD_SERVER];
/** Keep what they read. */
export const COLD_SERVERS = [BLKCACHE, NBDKIT_CACHE, NBDKIT_COW, QEMU_COPY_ON_READ];
