// A loop device over a file, for tests that need a block device. Needs root and losetup.

/** An attached loop device; declare it with `using`, so that it is detached whatever happens. */
export class LoopDevice implements Disposable {
  /** "/dev/loop3" */
  readonly path: string;
  #attached = true;

  private constructor(path: string) {
    this.path = path;
  }

  /** @param options sector size in bytes (default 512), O_DIRECT to the file, read-only, with partitions. */
  static attach(
    file: string,
    options: { sectorSize?: number; direct?: boolean; readOnly?: boolean; partitions?: boolean } =
      {},
  ): LoopDevice {
    const args = ["--find", "--show"];
    if (options.sectorSize) args.push("--sector-size", String(options.sectorSize));
    if (options.direct) args.push("--direct-io=on");
    if (options.readOnly) args.push("--read-only");
    if (options.partitions) args.push("--partscan");
    const loop = new LoopDevice(run("losetup", ...args, file).trim());
    // Not every kernel knows partition tables; partx does.
    if (options.partitions) run("partx", "--update", loop.path);
    return loop;
  }

  /** Name without the folder, as sysfs has it: "loop3". */
  get name(): string {
    return this.path.slice("/dev/".length);
  }

  /** Detaches it; the kernel waits for whoever has it open or mounted. A second call does nothing. */
  detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    run("losetup", "--detach", this.path);
  }

  [Symbol.dispose](): void {
    this.detach();
  }
}

function run(command: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(command, { args }).outputSync();
  if (!success) {
    throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
  return new TextDecoder().decode(stdout);
}
