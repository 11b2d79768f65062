// Takes the temporary directory out of a compiled program: fix_virtual_folder.ts PROGRAM.
//
// The runtime gives the modules that it carries names below $TMPDIR/deno-compile-NAME. It never looks there, but
// it ends with an error of its own, before the first line of ours, when TMPDIR is empty, relative or no UTF-8.
// So the name of the variable, as Rust's std::env::temp_dir has it, gets a zero byte in the middle: no variable
// can be called that, and the names are below /tmp, whatever the environment says.

/** A string of Rust stands between others: a C string ends with a zero byte, and JavaScript's has quotes. */
const NAME = /(?<![_\0"'`])TMPDIR(?![\0"'`])/g;
const FIXED = "TMP\0IR";

/** @throws {Error} when the name is not there exactly once: another runtime needs another look. */
export function fixVirtualFolder(program: Uint8Array): void {
  const text = new TextDecoder("latin1").decode(program);
  const places = [...text.matchAll(NAME)].map(({ index }) => index);
  if (places.length !== 1) throw new Error(`TMPDIR is there ${places.length} times`);
  program.set(new TextEncoder().encode(FIXED), places[0]);
}

if (import.meta.main) {
  const [path = ""] = Deno.args;
  const program = Deno.readFileSync(path);
  fixVirtualFolder(program);
  Deno.writeFileSync(path, program);
}
