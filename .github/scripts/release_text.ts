// Prints what a release says about itself, from CHANGELOG.md: release_text.ts TAG. Fails unless the tag is the
// version of deno.json and CHANGELOG.md has a section for it, `## 1.2.3 - 2026-01-31`, with something in it.

import config from "../../deno.json" with { type: "json" };

/** @throws {Error} when the tag must not be released. */
export function releaseText(tag: string, version: string, changelog: string): string {
  if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, deno.json has ${version}`);
  const [heading, ...lines] = changelog.split(/^## /m).slice(1)
    .find((section) => section.split(/\s/, 1)[0] === version)?.split("\n") ?? [];
  if (heading === undefined) throw new Error(`CHANGELOG.md has no section "## ${version}"`);
  if (!/ - \d{4}-\d{2}-\d{2}$/.test(heading)) throw new Error(`"## ${heading}" lacks its date`);
  const text = lines.join("\n").trim();
  if (text === "") throw new Error(`CHANGELOG.md says nothing about ${version}`);
  return text;
}

if (import.meta.main) {
  const changelog = Deno.readTextFileSync(new URL("../../CHANGELOG.md", import.meta.url));
  console.log(releaseText(Deno.args[0] ?? "", config.version, changelog));
}
