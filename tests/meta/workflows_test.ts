// The workflows and the scripts that they call: what can be checked of them without running them on GitHub.

import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);
const WORKFLOWS = names(".github/workflows");
const SCRIPTS = names(".github/scripts");

function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT)), ({ name }) => `${folder}/${name}`)
    .sort();
}

function textOf(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** The jobs of a workflow: name, and the lines that are indented below it. */
function jobsOf(workflow: string): [name: string, lines: string][] {
  const [, jobs] = workflow.split(/^jobs:$/m);
  const parts = jobs.split(/^ {2}([\w-]+):$/m).slice(1);
  return parts.flatMap((part, index) => index % 2 === 0 ? [[part, parts[index + 1]]] : []);
}

Deno.test("container images are pinned by digest", () => {
  const images = SCRIPTS.flatMap((path) =>
    Array.from(
      textOf(path).matchAll(/(?<![\w./-])(?:[a-z]+\/)?[a-z]+:(?:\d|latest)[\w.-]*(?:@\S+)?/g),
      ([image]) => image,
    )
  );
  assert(images.length >= 7, images.join(" "));
  for (const image of images) assert(/@sha256:[0-9a-f]{64}$/.test(image), image);
});

for (const path of WORKFLOWS) {
  const text = textOf(path);

  Deno.test(`${path}: actions are pinned to commits, and say which version that is`, () => {
    const uses = [...text.matchAll(/^.*\buses:.*$/gm)].map(([line]) => line.trim());
    assert(uses.length > 0);
    for (const line of uses) {
      assert(/^(- )?uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line), line);
    }
  });

  Deno.test(`${path}: rights are to read unless a job needs more, and runs do not race`, () => {
    const [head] = text.split(/^jobs:$/m);
    assert(/^permissions:\n {2}contents: read\n(?! )/m.test(head), "permissions");
    assert(/^concurrency:$/m.test(head), "concurrency");
    assert(!/pull_request_target|secrets\./.test(text));
    const checkouts = text.split("uses: actions/checkout@").slice(1);
    for (const rest of checkouts) assert(/^.*\n +with:\n +persist-credentials: false/.test(rest));
  });

  Deno.test(`${path}: each job ends in time`, () => {
    const jobs = jobsOf(text);
    assert(jobs.length > 0);
    for (const [name, lines] of jobs) assert(/^ {4}timeout-minutes: \d+$/m.test(lines), name);
  });

  Deno.test(`${path}: commands take nothing from expressions, and name what exists`, () => {
    for (const [command] of text.matchAll(/^ +(- )?run: .*$|^ {10}.*$/gm)) {
      // What an expression becomes is no shell text: it comes by env.
      if (/run:|^ {10}(?!\w+: )/.test(command)) assert(!command.includes("${{"), command);
      for (const [, task] of command.matchAll(/deno@\S+ task ([\w-]+)/g)) {
        assert(Object.hasOwn(config.tasks, task), task);
      }
      for (const [script] of command.matchAll(/\.github\/scripts\/[\w.]+/g)) {
        assert(SCRIPTS.includes(script), script);
      }
    }
  });
}

Deno.test("one release of Deno is used everywhere", () => {
  const documents = ["README.md", ...names(".github").filter((path) => path.endsWith(".md"))];
  const everywhere = [...WORKFLOWS, ...SCRIPTS, ".ci/run", ...documents];
  const releases = everywhere.flatMap((path) =>
    [...textOf(path).matchAll(/\bdeno@(\d[\w.]*)/g)].map(([, release]) => release)
  );
  assertEquals([...new Set(releases)].length, 1, releases.join(" "));
});

Deno.test("shell scripts can be run, and stop at the first error", () => {
  for (const path of SCRIPTS.filter((path) => path.endsWith(".sh"))) {
    assert((Deno.statSync(new URL(path, ROOT)).mode! & 0o111) !== 0, path);
    assert(/^set -euo? ?/m.test(textOf(path)), path);
  }
});

Deno.test("every script is used", () => {
  const users = [...WORKFLOWS, ...SCRIPTS, ".github/RELEASE.md", "deno.json"].map(textOf).join();
  for (const path of SCRIPTS) assert(users.includes(path.split("/").at(-1)!), path);
});

Deno.test("packages are listed once, and whatever installs some takes that list", () => {
  const installers = [".ci/run", ".github/scripts/test_built.sh", "tests/vm/kit/setup.sh"];
  for (const path of installers) {
    assert(textOf(path).includes("install_packages.sh"), path);
    assert(!textOf(path).includes("apt-get install"), path);
  }
  const lines = textOf("tests/packages").split("\n").map((line) => line.replace(/ *#.*/, ""));
  const packages = lines.filter((line) => line !== "");
  assert(packages.length > 20 && packages.every((name) => /^[a-z0-9.+-]+$/.test(name)));
  assertEquals(packages, [...new Set(packages)].sort());
});
