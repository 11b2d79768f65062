// The permissions in deno.json against what the sources use: no more is permitted, and nothing is missing.

import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { ENVIRONMENT } from "../../src/sys/environment.ts";

const SOURCES = new URL("../../src/", import.meta.url);
const { env, sys, run, import: imports } = config.permissions.default;

/** What each function of Deno that tells something about the system needs. */
const SYSTEM_FUNCTIONS: Readonly<Record<string, string>> = {
  hostname: "hostname",
  uid: "uid",
  gid: "gid",
  loadavg: "loadavg",
  networkInterfaces: "networkInterfaces",
  osRelease: "osRelease",
  osUptime: "osUptime",
  systemMemoryInfo: "systemMemoryInfo",
};

/** Path in src/ and text of each source file. */
function sources(folder = ""): [path: string, text: string][] {
  return Array.from(Deno.readDirSync(new URL(folder, SOURCES))).flatMap(({ name, isDirectory }) =>
    isDirectory
      ? sources(`${folder}${name}/`)
      : [[folder + name, Deno.readTextFileSync(new URL(folder + name, SOURCES))]]
  );
}

Deno.test("env: the variables that are read are permitted by name, and one file reads them", () => {
  assertEquals(env, [...ENVIRONMENT]);
  const others = sources().filter(([path]) => path !== "sys/environment.ts");
  for (const [path, text] of others) assert(!/Deno\.env\b/.test(text), path);
  for (const name of ENVIRONMENT) {
    assert(others.some(([, text]) => text.includes(`"${name}"`)), `nothing reads ${name}`);
  }
});

Deno.test("sys: what the sources ask about the system is permitted by name", () => {
  const calls = sources().flatMap(([, text]) =>
    [...text.matchAll(/Deno\.(\w+)\(/g)].map(([, name]) => SYSTEM_FUNCTIONS[name])
  );
  assertEquals([...sys].sort(), [...new Set(calls.filter(Boolean))].sort());
});

Deno.test("no code may come from elsewhere", () => {
  // An empty list would allow Deno's six default hosts. So one address is named that cannot be reached, and is denied.
  const nowhere = ["127.0.0.1:0"];
  assertEquals(imports, { allow: nowhere, deny: nowhere });
  for (const [path, text] of sources()) assert(!/import\(/.test(text), path);
});

Deno.test("the shell alone may be run, and one file starts it: for the command of --on-stall", () => {
  assertEquals(run, ["/bin/sh"]);
  const starters = sources().filter(([, text]) => /Deno\.(Command|run|spawn)\b/.test(text));
  assertEquals(starters.map(([path]) => path), ["server/stall_command.ts"]);
  assert(starters[0]![1].includes('const SHELL = "/bin/sh";'));
  const users = sources().filter(([, text]) => /\brunCommand\b/.test(text)).map(([path]) => path);
  assertEquals(users.sort(), ["server/stall_command.ts", "server/stall_hook.ts"]);
});
