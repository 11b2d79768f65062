// A block device that fails, dawdles or hangs at will, and records what is read from it: a loop device on a
// file that nbdfuse shows and nbdkit serves. Reads arrive at the source as the loop device gets them.

import { FuseFile } from "./fuse_file.ts";
import { LoopDevice } from "./loop_device.ts";
import { NbdSource, type SourceOptions } from "./nbd_source.ts";
import { TestFolder } from "./test_folder.ts";

/** What to make of a file. */
export interface FailingDeviceOptions extends SourceOptions {
  /** Of the loop device; default 512. */
  sectorSize?: number;
  /** A regular file (nbdfuse's) instead of a loop device on it. */
  asFile?: boolean;
}

/** The device. Declare it with `await using`, before the programs that use it. */
export class FailingDevice implements AsyncDisposable {
  readonly path: string;
  readonly source: NbdSource;
  /** The same as a regular file, for a second device on the same source. */
  readonly file: FuseFile;
  readonly #loop: LoopDevice | undefined;
  readonly #folder: TestFolder;

  private constructor(
    folder: TestFolder,
    source: NbdSource,
    file: FuseFile,
    loop: LoopDevice | undefined,
  ) {
    this.#folder = folder;
    this.source = source;
    this.file = file;
    this.#loop = loop;
    this.path = loop?.path ?? file.path;
  }

  /** Makes one of the bytes of `file`. */
  static async make(file: string, options: FailingDeviceOptions = {}): Promise<FailingDevice> {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(new TestFolder());
    const source = parts.use(await NbdSource.start(file, folder.path, options));
    const shown = parts.use(await FuseFile.mount(source.uri, folder.file("source")));
    const { sectorSize = 512 } = options;
    const loop = options.asFile
      ? undefined
      : parts.use(LoopDevice.attach(shown.path, { sectorSize, direct: true, readOnly: true }));
    parts.move();
    return new FailingDevice(folder, source, shown, loop);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using parts = new AsyncDisposableStack();
    parts.use(this.#folder);
    parts.use(this.source);
    parts.use(this.file);
    parts.use(this.#loop);
    await parts.disposeAsync();
  }
}
