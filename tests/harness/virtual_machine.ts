// Boots a throw-away virtual machine with real drivers, in which a shell script runs the compiled program.
// The scripts that build and boot it lie in a folder beside the checkout; without it the tests are skipped.

import { hasTools } from "./requires.ts";
import { TestFolder } from "./test_folder.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const TOOLS = new URL("../../../shared/vm/", import.meta.url).pathname;
const GUEST_FOLDER = new URL("../vm/guest/", import.meta.url).pathname;
/** What the guest has is built once a machine. Apart from TMPDIR, which may be new for each run. */
const HOME = "/var/tmp/blkcache-vm-tests";
/** Programs that the guest needs besides what it always has. */
const GUEST_PROGRAMS = "/usr/bin/nbdcopy /usr/bin/nbdinfo";
/** A machine without virtualization emulates each instruction, and may have other things to do. */
const PATIENCE_SECONDS = 600;

/** True when a machine can be booted here, or when CI is set (so that its lack fails the test). */
export function hasVirtualMachine(): boolean {
  const there = ["setup.sh", "run.sh"].every((name) => isFile(TOOLS + name));
  return (there || Deno.env.has("CI")) && hasTools("qemu-system-x86_64", "genisoimage");
}

/** How a guest's script ended, and what it has left in its /out. */
export interface GuestEnd {
  readonly code: number;
  readonly output: string;
}

/** A drive, as arguments of qemu: `cd` is its name for the guest's hostqmp. Empty at first. */
export const CD_DRIVE = ["-device", "virtio-scsi-pci", "-device", "scsi-cd,id=cd"];

/**
 * Runs `tests/vm/guest/SCRIPT` in a new machine.
 * @param folder its `out` is the guest's /out, writable from both sides.
 * @param devices arguments of qemu.
 * @param settings variables for the script.
 */
export async function runGuest(
  script: string,
  folder: TestFolder,
  devices: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<GuestEnd> {
  await build();
  const job = folder.file("job");
  Deno.mkdirSync(job);
  Deno.copyFileSync(program(), `${job}/blkcache`);
  for (const { name } of Deno.readDirSync(GUEST_FOLDER)) {
    Deno.copyFileSync(GUEST_FOLDER + name, `${job}/${name}`);
  }
  const exports = Object.entries(settings).map(([name, value]) => `export ${name}='${value}'\n`);
  Deno.writeTextFileSync(folder.file("script"), `${exports.join("")}. /job/${script}\n`);
  const { code, stdout, stderr } = await new Deno.Command(`${TOOLS}run.sh`, {
    args: [
      ...["-t", String(PATIENCE_SECONDS), "-o", folder.file("out")],
      ...[job, folder.file("script"), "-smp", "2", ...devices],
    ],
    env: { VM_HOME: HOME },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function build(): Promise<void> {
  const { success, stderr } = await new Deno.Command(`${TOOLS}setup.sh`, {
    env: { VM_HOME: HOME, VM_TOOLS: GUEST_PROGRAMS },
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
