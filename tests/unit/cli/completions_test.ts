// What the completion scripts hold. That shells understand them is tested with the shells in tests/cli.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { completionScript } from "../../../src/cli/completions.ts";
import { optionsOf, spellings } from "../../../src/cli/options.ts";

Deno.test("a shell that is not known is refused, with the one that was meant, or all of them", () => {
  const hintFor = (shell?: string) => {
    const { exitCode, hints } = assertThrows(() => completionScript(shell), UserError);
    assertEquals(exitCode, 2);
    return hints;
  };
  assertEquals(hintFor("fisch"), ["did you mean fish?"]);
  assertEquals(hintFor("powershell"), ["there are bash, zsh, fish"]);
  assertEquals(hintFor(), ["there are bash, zsh, fish"]);
  // Names that every object has are no shells.
  assertEquals(hintFor("constructor"), ["there are bash, zsh, fish"]);
});

Deno.test("bash is offered the options of each command, and files or words behind them", () => {
  const script = completionScript("bash");
  for (const { name } of COMMANDS) {
    const flags = optionsOf(name).flatMap(spellings).map((flag) => `--${flag}`);
    const line = script.find((each) => each.startsWith(`    ${name}:-*) `))!;
    assertEquals(wordsOf(line), flags, name);
  }
  const valueOf = (option: string) =>
    script.find((line) => line.startsWith(`    --${option}) `))?.replace(
      /^.*\) (.*); return;;$/,
      "$1",
    );
  const offered = (list: string) => `mapfile -t COMPREPLY < <(compgen ${list} -- "$current")`;
  assertEquals(valueOf("map"), offered("-f"));
  assertEquals(valueOf("log-level"), offered('-W "error warning info debug"'));
  assertEquals(valueOf("rate"), ":");
  assertEquals(valueOf("fill"), undefined, "a flag has no value");
  const operands = (command: string) =>
    script.find((line) => line.startsWith(`    ${command}:*)`))!;
  assertEquals(wordsOf(operands("completions")), ["bash", "zsh", "fish"]);
  assertEquals(wordsOf(operands("help")), COMMANDS.map(({ name }) => name));
  assert(operands("serve").includes("compgen -f"), operands("serve"));
});

Deno.test("zsh gets one quoted word for each option, with its help and what follows it", () => {
  const script = completionScript("zsh");
  const map = script[script.indexOf("    map)") + 1]!;
  assert(map.startsWith("      _arguments -S '--"), map);
  const specs = [...map.matchAll(/'((?:[^']|'\\'')*)'/g)].map(([, spec]) => spec!);
  const names = optionsOf("map").flatMap(spellings);
  assertEquals(specs.slice(0, -1).map((spec) => /^\*?--([a-z-]+)\[/.exec(spec)?.[1]), names);
  assertEquals(specs.at(-1), "*:operand:_files");
  const specOf = (name: string) => specs.find((spec) => spec.startsWith(`--${name}[`))!;
  assert(specOf("svg").endsWith("]:FILE:_files"), specOf("svg"));
  assert(specOf("log-level").endsWith(":(error warning info debug)"), specOf("log-level"));
  assert(specOf("watch").endsWith("]"), specOf("watch"));
});

Deno.test("zsh takes no bracket and no colon of a help text for its own, and repeats what may be repeated", () => {
  const script = completionScript("zsh");
  const serve = script[script.indexOf("    serve)") + 1]!;
  assert(serve.includes("'*--listen["), "--listen may be repeated");
  for (const [, help] of serve.matchAll(/--[a-z-]+\[((?:\\.|[^\]\\])*)\]/g)) {
    assert(!/(^|[^\\])[[\]:]/.test(help!), help);
  }
});

Deno.test("fish is offered each option under its command alone", () => {
  const script = completionScript("fish");
  assertEquals(script[1], "complete -c blkcache -f");
  const lines = script.filter((line) => line.includes('__fish_seen_subcommand_from map"'));
  assert(lines[0]!.endsWith(" -F"), "operands of map are files");
  const names = optionsOf("map").flatMap(spellings);
  assertEquals(lines.slice(1).map((line) => / -l ([a-z-]+) /.exec(line)?.[1]), names);
  const lineOf = (name: string) => lines.find((line) => line.includes(` -l ${name} `))!;
  assert(lineOf("svg").includes(" -l svg -r -F -d '"), lineOf("svg"));
  assert(lineOf("watch").includes(" -l watch -d '"), lineOf("watch"));
  assert(lineOf("log-level").includes(' -r -f -a "error warning info debug" -d '));
  for (const { name, summary } of COMMANDS) {
    const line = script.find((each) => each.includes(` -a ${name} -d `))!;
    assert(line.endsWith(`'${summary.replaceAll("'", "\\'")}'`), line);
  }
});

/** The words of `compgen -W "..."`. */
function wordsOf(line: string): string[] {
  const words = / -W "([^"]*)"/.exec(line)?.[1] ?? "";
  return words === "" ? [] : words.split(" ");
}
