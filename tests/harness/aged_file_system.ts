// File systems that have been in use: files of random sizes are written, grown and deleted until the free space is in
// pieces. Seeded. Needs root, but for FAT, which mtools write to.

import type { Random } from "../conformance/mutation.ts";
import { LoopDevice } from "./loop_device.ts";
import { tool, tryTool, until } from "./tool.ts";

/** How a kind of file system is made and reached. */
export interface Maker {
  /** Bytes of the image. */
  readonly size: number;
  readonly mkfs: readonly string[];
  /** Mounts a loop device at `folder`; undefined: mtools reach the file system. */
  readonly mount?: (device: string, folder: string, isReadOnly: boolean) => readonly string[];
  /** Reports errors without mending them; its exit code is 0 when there are none. */
  readonly check?: readonly string[];
}

/** Names of the files and what is in them. */
export type Files = Map<string, Uint8Array>;

const FOLDERS = ["", "some/", "some/deep/", "other/"];
const KIB = 1024;

/** Makes a file system in the new file `image`, and uses it for so many steps. @returns what is in it at last. */
export async function makeAged(
  maker: Maker,
  image: string,
  folder: string,
  random: Random,
  steps: number,
): Promise<Files> {
  Deno.writeFileSync(image, new Uint8Array(0));
  Deno.truncateSync(image, maker.size);
  const [name, ...args] = maker.mkfs;
  await tool(name!, [...args, image]);
  const files: Files = new Map();
  const store = maker.mount === undefined ? new MtoolsStore(image, folder) : undefined;
  if (store !== undefined) {
    await use(store, files, random, steps);
    return files;
  }
  await using mounted = await Mounted.at(maker, image, folder, false);
  await use(mounted, files, random, steps);
  return files;
}

/** What is in a file system, by a way that writes nothing. */
export async function filesIn(
  maker: Maker,
  image: string,
  folder: string,
  names: Iterable<string>,
): Promise<Files> {
  const found: Files = new Map();
  if (maker.mount === undefined) {
    const store = new MtoolsStore(image, folder);
    for (const name of names) found.set(name, await store.read(name));
    return found;
  }
  await using mounted = await Mounted.at(maker, image, folder, true);
  for (const name of names) found.set(name, mounted.read(name));
  return found;
}

interface Store {
  makeFolder(name: string): void | Promise<void>;
  write(name: string, bytes: Uint8Array): void | Promise<void>;
  remove(name: string): void | Promise<void>;
}

async function use(store: Store, files: Files, random: Random, steps: number): Promise<void> {
  for (const folder of FOLDERS.slice(1)) await store.makeFolder(folder.slice(0, -1));
  for (let step = 0; step < steps; step++) {
    const names = [...files.keys()];
    if (names.length > 8 && random.below(5) < 2) {
      const name = random.pick(names);
      await store.remove(name);
      files.delete(name);
      continue;
    }
    const isSame = names.length > 0 && random.below(4) === 0;
    const name = isSame ? random.pick(names) : `${random.pick(FOLDERS)}file ${step}.bin`;
    const most = random.pick([2 * KIB, 30 * KIB, 200 * KIB, 700 * KIB]);
    const bytes = content(random, 1 + random.below(most));
    await store.write(name, bytes);
    files.set(name, bytes);
  }
}

/** Bytes that are in no other file. */
function content(random: Random, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = 1 + random.below(2 ** 31);
  for (let index = 0; index < words.length; index++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0;
    words[index] = state;
  }
  return new Uint8Array(words.buffer).subarray(0, length);
}

class Mounted implements Store, AsyncDisposable {
  readonly #folder: string;
  readonly #loop: LoopDevice;

  private constructor(folder: string, loop: LoopDevice) {
    this.#folder = folder;
    this.#loop = loop;
  }

  static async at(
    maker: Maker,
    image: string,
    folder: string,
    isReadOnly: boolean,
  ): Promise<Mounted> {
    const loop = LoopDevice.attach(image, { readOnly: isReadOnly });
    try {
      const [name, ...args] = maker.mount!(loop.path, folder, isReadOnly);
      await tool(name!, args);
      return new Mounted(folder, loop);
    } catch (error) {
      loop.detach();
      throw error;
    }
  }

  makeFolder(name: string): void {
    Deno.mkdirSync(`${this.#folder}/${name}`);
  }

  write(name: string, bytes: Uint8Array): void {
    Deno.writeFileSync(`${this.#folder}/${name}`, bytes);
    // Without this the file system would lay all of them out at the end, side by side.
    using file = Deno.openSync(`${this.#folder}/${name}`);
    file.syncDataSync();
  }

  remove(name: string): void {
    Deno.removeSync(`${this.#folder}/${name}`);
  }

  read(name: string): Uint8Array {
    return Deno.readFileSync(`${this.#folder}/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await until(`"${this.#folder}" is unmounted`, async () => {
      const { code, stderr } = await tryTool("umount", [this.#folder]);
      return code === 0 || stderr.includes("not mounted");
    });
    this.#loop.detach();
  }
}

class MtoolsStore implements Store {
  readonly #image: string;
  readonly #file: string;

  constructor(image: string, folder: string) {
    this.#image = image;
    this.#file = `${folder}/file`;
  }

  async makeFolder(name: string): Promise<void> {
    await tool("mmd", ["-i", this.#image, `::${name}`]);
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    Deno.writeFileSync(this.#file, bytes);
    await tool("mcopy", ["-o", "-i", this.#image, this.#file, `::${name}`]);
  }

  async remove(name: string): Promise<void> {
    await tool("mdel", ["-i", this.#image, `::${name}`]);
  }

  async read(name: string): Promise<Uint8Array> {
    await tool("mcopy", ["-n", "-i", this.#image, `::${name}`, this.#file]);
    const bytes = Deno.readFileSync(this.#file);
    Deno.removeSync(this.#file);
    return bytes;
  }
}
