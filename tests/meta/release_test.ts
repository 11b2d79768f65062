// The scripts that make a release, on small things.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { billOfMaterials } from "../../.github/scripts/bill_of_materials.ts";
import { releaseText } from "../../.github/scripts/release_text.ts";
import config from "../../deno.json" with { type: "json" };
import { hasTools } from "../harness/requires.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tool, tryTool } from "../harness/tool.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const TARGET = Deno.build.target;
const SYSTEMD = Array.from(Deno.readDirSync(`${ROOT}.github/systemd`), ({ name }) => name).sort();
const ignore = !hasTools("bash", "readelf", "tar", "gzip");

const CHANGELOG = `# Changelog

## Unreleased

- new

## 1.10.0 - 2026-02-01

- ten

## 1.1.0 - 2026-01-01

- one
  more

## 1.0.0

- undated
`;

Deno.test("a release says what stands in its section of CHANGELOG", () => {
  assertEquals(releaseText("v1.1.0", "1.1.0", CHANGELOG), "- one\n  more");
  assertEquals(releaseText("v1.10.0", "1.10.0", CHANGELOG), "- ten");
});

const REFUSED: readonly [tag: string, version: string, changelog: string, why: string][] = [
  ["v1.1.0", "1.1.1", CHANGELOG, "the tag is v1.1.0"],
  ["1.1.0", "1.1.0", CHANGELOG, "the tag is 1.1.0"],
  ["v1.1", "1.1", CHANGELOG, "no section"],
  ["v1.0.0", "1.0.0", CHANGELOG, "lacks its date"],
  ["v2.0.0", "2.0.0", "## 2.0.0 - 2026-03-01\n\n## 1.0.0\n\n- x", "says nothing"],
];

for (const [tag, version, changelog, why] of REFUSED) {
  Deno.test(`no release: ${tag} with deno.json at ${version}, as it ${why}`, () => {
    assertThrows(() => releaseText(tag, version, changelog), Error, why);
  });
}

Deno.test("the bill of materials has the runtime, and each package with its hash", () => {
  const { components } = billOfMaterials("2.0.0") as { components: Record<string, unknown>[] };
  const [runtime, ...packages] = components;
  assertEquals([runtime.name, runtime.version], ["deno", "2.0.0"]);
  const used = new Set(Object.values(config.imports).map((url) => url.split("/")[0]));
  assertEquals(
    packages.map(({ purl }) => purl),
    [...used].map((name) => `pkg:npm/${name.slice(4)}`),
  );
  for (const { hashes } of packages) {
    assert(/^[0-9a-f]{128}$/.test((hashes as { content: string }[])[0].content));
  }
});

Deno.test({
  name: "an archive has all that belongs to the program, and is the same each time",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const archive = async () => {
      const path = await script("archive.sh", TARGET, "/bin/true", folder.path);
      return [path.trim(), Deno.readFileSync(path.trim())] as const;
    };
    const [path, bytes] = await archive();
    assertEquals(path, folder.file(`blkcache-${config.version}-${TARGET}.tar.gz`));
    const list = await tool("tar", ["--list", "--verbose", "--numeric-owner", "-f", path]);
    const entries = list.trimEnd().split("\n").map((line) => line.split(/ +/));
    const name = `blkcache-${config.version}-${TARGET}`;
    assertEquals(entries.map((words) => `${words[0]} ${words[1]} ${words[5]}`), [
      `drwxr-xr-x 0/0 ${name}/`,
      `-rw-r--r-- 0/0 ${name}/CHANGELOG.md`,
      `-rw-r--r-- 0/0 ${name}/LICENSE`,
      `-rw-r--r-- 0/0 ${name}/README.md`,
      `-rwxr-xr-x 0/0 ${name}/blkcache`,
      `-rw-r--r-- 0/0 ${name}/blkcache.1`,
      `drwxr-xr-x 0/0 ${name}/completions/`,
      `-rw-r--r-- 0/0 ${name}/completions/_blkcache`,
      `-rw-r--r-- 0/0 ${name}/completions/blkcache.bash`,
      `-rw-r--r-- 0/0 ${name}/completions/blkcache.fish`,
      `drwxr-xr-x 0/0 ${name}/systemd/`,
      ...SYSTEMD.map((file) => `-rw-r--r-- 0/0 ${name}/systemd/${file}`),
    ]);
    for (const [, , size] of entries.map((words) => words).filter(([mode]) => mode[0] === "-")) {
      assert(Number(size) > 0);
    }
    assertEquals((await archive())[1], bytes);
  },
});

Deno.test({
  name: "no archive for one processor has the program of another",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const other = TARGET.replace(/^\w+/, (arch) => arch === "x86_64" ? "aarch64" : "x86_64");
    const args = [`${ROOT}.github/scripts/archive.sh`, other, "/bin/true", folder.path];
    const { code, stderr } = await tryTool("bash", args);
    assertEquals(code, 1);
    assert(stderr.includes(`not for ${other}`), stderr);
    assertEquals(folder.listing(), []);
  },
});

Deno.test({
  name: "the runtime needs no newer glibc than README promises",
  ignore,
  async fn() {
    const said = await script("glibc_floor.sh", Deno.execPath());
    assert(/ needs glibc 2\.\d+\n$/.test(said), said);
    const promised = /^PROMISED=(\S+)$/m.exec(
      Deno.readTextFileSync(`${ROOT}.github/scripts/glibc_floor.sh`),
    )?.[1];
    assert(Deno.readTextFileSync(`${ROOT}README.md`).includes(`glibc ${promised}`));
  },
});

function script(name: string, ...args: string[]): Promise<string> {
  const env = { DENO: Deno.execPath() };
  return tool("bash", [`${ROOT}.github/scripts/${name}`, ...args], { env });
}
