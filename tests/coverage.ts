// deno task coverage: how many lines of src the fast tests run, counted over all files: one that no test loads counts
// with none of its lines. Prints a table by folder, and with --files one by file.
//
// Lines of workers count too where a fast test starts them. What only the real program does (its main thread with
// real workers, devices and mounts) is tested in tests/cli, tests/faults and tests/interop, and is not counted here.
import { parseArgs } from "@std/cli/parse-args";

const ROOT = new URL("../", import.meta.url);
const FAST = ["tests/unit", "tests/model", "tests/meta"];

interface Lines {
  all: number;
  run: number;
}

async function deno(args: readonly string[], stdout: "inherit" | "piped"): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout,
    stderr: "inherit",
  });
  const { success, stdout: output } = stdout === "piped"
    ? await command.output()
    : { ...await command.spawn().status, stdout: new Uint8Array() };
  if (!success) throw new Error(`deno ${args[0]} has failed`);
  return new TextDecoder().decode(output);
}

/** The lines of each file of src that the runtime has seen, by path below src/. */
function linesIn(lcov: string): Map<string, Lines> {
  const files = new Map<string, Lines>();
  let now: Lines = { all: 0, run: 0 };
  for (const line of lcov.split("\n")) {
    const path = /^SF:.*\/src\/(.*\.ts)$/.exec(line)?.[1];
    if (path !== undefined) files.set(path, now = { all: 0, run: 0 });
    else if (line.startsWith("SF:")) now = { all: 0, run: 0 };
    const count = /^DA:\d+,(\d+)/.exec(line)?.[1];
    if (count === undefined) continue;
    now.all++;
    if (count !== "0") now.run++;
  }
  return files;
}

/** Lines that would count: not empty, no comment, no import of a type. What was never loaded has no better figure. */
function linesOf(text: string): number {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  return code.split("\n").filter((line) => line.trim() !== "").length;
}

/** True for a file of types alone: nothing of it is left to be run. */
function isTypesOnly(text: string): boolean {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  // The members of a type are indented, its end is not.
  const rest = code.replaceAll(/^(import|export) type .*(?<!;)\n(?:(?:[ }].*)?\n)*/gm, "")
    .replaceAll(/^(import|export) type .*;$/gm, "")
    .replaceAll(/^(export )?interface [\s\S]*?^}$/gm, "");
  return rest.trim() === "";
}

function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`src/${folder}`, ROOT))) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

function row(name: string, { all, run }: Lines): string {
  const share = all === 0 ? 100 : 100 * run / all;
  return `${name.padEnd(44)} ${String(run).padStart(6)} of ${String(all).padStart(6)}  ${
    share.toFixed(1).padStart(5)
  } %`;
}

const options = parseArgs(Deno.args, { boolean: ["files"] });
const data = Deno.makeTempDirSync({ prefix: "blkcache-coverage-" });
try {
  const tests = ["test", "-q", "-A", "--no-check", `--coverage=${data}`, ...FAST];
  await deno(tests, "inherit").catch((error: Error) => {
    // What has been run counts all the same.
    console.error(error.message);
    Deno.exitCode = 1;
  });
  const seen = linesIn(await deno(["coverage", "-q", "--lcov", "--include=/src/", data], "piped"));
  const folders = new Map<string, Lines>();
  const total: Lines = { all: 0, run: 0 };
  for (const path of [...sources("")].sort()) {
    const text = Deno.readTextFileSync(new URL(`src/${path}`, ROOT));
    if (!seen.has(path) && isTypesOnly(text)) continue;
    const lines = seen.get(path) ?? { all: linesOf(text), run: 0 };
    const folder = path.split("/")[0]!;
    const sum = folders.get(folder) ?? { all: 0, run: 0 };
    folders.set(folder, sum);
    for (const each of [sum, total]) {
      each.all += lines.all;
      each.run += lines.run;
    }
    if (options.files) console.log(row(`src/${path}`, lines));
  }
  for (const [folder, lines] of folders) console.log(row(`src/${folder}`, lines));
  console.log(row("all of src", total));
} finally {
  Deno.removeSync(data, { recursive: true });
}
