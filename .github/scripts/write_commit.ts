// Writes the commit that is checked out to dist/commit, for the program that is compiled next. An empty file
// when it is not known, as in an unpacked archive of the sources.

import { checkedOutCommit } from "../../src/cli/commit.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.mkdirSync(new URL("dist/", ROOT), { recursive: true });
Deno.writeTextFileSync(new URL("dist/commit", ROOT), checkedOutCommit(ROOT) ?? "");
