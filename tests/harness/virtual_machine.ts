// Boots a throw-away virtual machine with real drivers, in which a shell script runs the compiled program.
// The scripts that build and boot it are tests/vm/kit/.

import { hasTools } from "./requires.ts";
import { TestFolder } from "./test_folder.ts";
import { until } from "./tool.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const KIT = new URL("../vm/kit/", import.meta.url).pathname;
const GUEST_FOLDER = new URL("../vm/guest/", import.meta.url).pathname;
/** What the guest has is built once on each host. Not in TMPDIR, which may be new for each run. */
const HOME = "/var/tmp/blkcache-vm";
/**
 * Emulated a third faster than the newest that qemu knows: `serve` is ready after 8.6 s instead of 13.5 s.
 * Memory protection keys and 5 levels of page tables cost most.
 */
const CPU = "Nehalem";
/** Kernels that a guest can have, by version, and the Debian suite that each comes from; undefined: this one's. */
const SUITES = { "5.10": "bullseye", "6.1": undefined, "6.12": "bookworm-backports" } as const;
/** A kernel that a guest can have. */
export type Kernel = keyof typeof SUITES;
export const KERNELS = Object.keys(SUITES) as readonly Kernel[];
/** A machine without virtualization emulates each instruction, and may have other things to do. */
const PATIENCE_SECONDS = 600;

/** True when a machine can be booted here, or when CI is set (so that its lack fails the test). */
export function hasVirtualMachine(): boolean {
  return hasTools("qemu-system-x86_64", "genisoimage", "cpio", "modprobe", "flock");
}

/** How a guest's script ended, and what it has left in its /out. */
export interface GuestEnd {
  readonly code: number;
  readonly output: string;
}

/** A drive, as arguments of qemu: `cd` is its name for the guest's hostqmp. Empty at first. */
export const CD_DRIVE = ["-device", "virtio-scsi-pci", "-device", "scsi-cd,id=cd"];

/** A machine that runs. Declare it with `await using`: none is left behind. */
export class Guest implements AsyncDisposable {
  /** Resolves when it is off. */
  readonly end: Promise<GuestEnd>;
  readonly #pidFile: string;
  #isOff = false;

  private constructor(child: Deno.ChildProcess, pidFile: string) {
    this.#pidFile = pidFile;
    this.end = child.output().then(({ code, stdout, stderr }) => {
      this.#isOff = true;
      const decoder = new TextDecoder();
      return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
    });
  }

  /**
   * Boots a new machine that runs `tests/vm/guest/SCRIPT`.
   * @param folder its `out` is the guest's /out, writable from both sides.
   * @param devices arguments of qemu.
   * @param settings variables for the script.
   * @param kernel its version; the others are downloaded once a machine.
   */
  static async boot(
    script: string,
    folder: TestFolder,
    devices: readonly string[],
    settings: Readonly<Record<string, string>> = {},
    kernel: Kernel = "6.1",
  ): Promise<Guest> {
    const home = await build(kernel);
    const job = folder.file("job");
    Deno.mkdirSync(job, { recursive: true });
    if (!isFile(`${job}/blkcache`)) Deno.copyFileSync(program(), `${job}/blkcache`);
    for (const { name } of Deno.readDirSync(GUEST_FOLDER)) {
      Deno.copyFileSync(GUEST_FOLDER + name, `${job}/${name}`);
    }
    const exports = Object.entries(settings).map(([name, value]) => `export ${name}='${value}'\n`);
    Deno.writeTextFileSync(folder.file("script"), `${exports.join("")}. /job/${script}\n`);
    const pidFile = folder.file("qemu.pid");
    const child = new Deno.Command(`${KIT}run.sh`, {
      args: [
        ...["-t", String(PATIENCE_SECONDS), "-o", folder.file("out")],
        ...[job, folder.file("script"), "-smp", "2", "-cpu", CPU, "-pidfile", pidFile, ...devices],
      ],
      env: { VM_HOME: home },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new Guest(child, pidFile);
  }

  /** Waits for something that its script does. @throws when the machine is off before. */
  async until(what: string, condition: () => boolean): Promise<void> {
    await until(what, () => this.#isOff || condition(), PATIENCE_SECONDS * 1000);
    if (condition()) return;
    throw new Error(`the machine was off before ${what}: ${(await this.end).output}`);
  }

  /** Takes its power away. @returns when it is off. */
  async cutPower(): Promise<void> {
    await until("qemu runs", () => this.#isOff || isFile(this.#pidFile));
    if (!this.#isOff) Deno.kill(Number(Deno.readTextFileSync(this.#pidFile)), "SIGKILL");
    await this.end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower();
  }
}

/** Boots a machine as `Guest.boot` does, and waits until its script has ended. */
export async function runGuest(...args: Parameters<typeof Guest.boot>): Promise<GuestEnd> {
  await using guest = await Guest.boot(...args);
  return await guest.end;
}

/** Builds what the guest consists of; one test at a time, and only the first one has something to do. @returns its home. */
async function build(kernel: Kernel): Promise<string> {
  await buildBy(`${KIT}setup.sh`);
  const suite = SUITES[kernel];
  if (suite === undefined) return HOME;
  const home = `${HOME}-${kernel}`;
  await buildBy(`${KIT}fetch_kernel.sh`, suite, home);
  return home;
}

async function buildBy(...command: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("flock", {
    args: [`${HOME}.lock`, ...command],
    env: { VM_HOME: HOME },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`cannot build the machine: ${new TextDecoder().decode(stderr)}`);
}

/** The compiled program: BLKCACHE, else dist/blkcache. */
function program(): string {
  const path = Deno.env.get("BLKCACHE") ?? `${ROOT}dist/blkcache`;
  if (!isFile(path)) throw new Error(`there is no "${path}": compile the program first`);
  return path;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
