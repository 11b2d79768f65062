// Every number that src/sys exports under an upper-case name, against the headers of this machine: one C
// program prints them all.
import { assertEquals } from "@std/assert";
import { errnoMessage, errnoName } from "../../src/sys/errno.ts";
import { hasTools } from "../harness/requires.ts";

const SYS = new URL("../../src/sys/", import.meta.url);
const LAST_ERRNO = 133;

// glibc's own headers come first: where the kernel has the same things, it then leaves them out.
const HEADERS = [
  ...["stdio", "limits", "errno", "fcntl", "poll", "signal", "unistd"],
  ...["sys/eventfd", "sys/file", "sys/mman", "sys/mount", "sys/resource", "sys/socket", "sys/stat"],
  ...["netinet/in", "netinet/tcp", "linux/cdrom", "linux/falloc", "linux/fs", "linux/magic"],
  ...["linux/io_uring", "linux/nbd", "linux/un", "sys/syscall"],
];

/** Sentences about the constants that differ from the headers. */
function differences(ours: Map<string, number>, theirs: Map<string, number>): string[] {
  return [...ours].filter(([name, value]) => theirs.get(name) !== value)
    .map(([name, value]) => `${name} is ${value} here and ${theirs.get(name)} in the headers`);
}

async function exportedConstants(): Promise<Map<string, number>> {
  const constants = new Map<string, number>();
  for (const entry of Deno.readDirSync(SYS)) {
    const module: Record<string, unknown> = await import(new URL(entry.name, SYS).href);
    for (const [name, value] of Object.entries(module)) {
      if (typeof value === "number" && /^([A-Z][A-Z0-9_]*|SYS_\w+)$/.test(name)) {
        constants.set(name, value);
      }
    }
  }
  return constants;
}

/** The values that C gives to the names. Fails with the compiler's words when it does not know one. */
function valuesInC(names: Iterable<string>): Map<string, number> {
  const folder = Deno.makeTempDirSync();
  try {
    const source = [
      "#define _GNU_SOURCE",
      ...HEADERS.map((header) => `#include <${header}.h>`),
      "int main(void) {",
      ...[...names].map((name) => `printf("${name} %lld\\n", (long long) ${name});`),
      "}",
    ];
    Deno.writeTextFileSync(`${folder}/constants.c`, source.join("\n"));
    output("gcc", "-o", `${folder}/constants`, `${folder}/constants.c`);
    const lines = output(`${folder}/constants`).trim().split("\n");
    return new Map(lines.map((line) => {
      const [name, value] = line.split(" ");
      return [name!, Number(value)];
    }));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function output(program: string, ...args: string[]): string {
  const result = new Deno.Command(program, { args, stdout: "piped", stderr: "piped" }).outputSync();
  if (!result.success) throw new Error(new TextDecoder().decode(result.stderr));
  return new TextDecoder().decode(result.stdout);
}

Deno.test({
  name: "every constant of src/sys has the value that the headers give it",
  ignore: !hasTools("gcc"),
  async fn() {
    const ours = await exportedConstants();
    // Fails when the exports are no longer found, too.
    for (
      const name of ["EIO", "O_DIRECT", "BLKGETDISKSEQ", "MS_RDONLY", "POLLIN", "FUSE_SUPER_MAGIC"]
    ) {
      assertEquals(ours.has(name), true, name);
    }
    assertEquals(differences(ours, valuesInC(ours.keys())), []);
  },
});

Deno.test({
  name: "errnoName knows every error number of the headers and invents none",
  ignore: !hasTools("gcc"),
  fn() {
    const named = new Map<string, number>();
    for (let number = 1; number <= LAST_ERRNO; number++) {
      const name = errnoName(number);
      // Linux has no 41 and no 58: EWOULDBLOCK and EDEADLOCK are other names of 11 and 35.
      if (number === 41 || number === 58) assertEquals(name, `errno ${number}`);
      else named.set(name, number);
    }
    assertEquals(named.size, LAST_ERRNO - 2);
    assertEquals(differences(named, valuesInC(named.keys())), []);
    assertEquals(errnoName(LAST_ERRNO + 1), `errno ${LAST_ERRNO + 1}`);
    assertEquals(errnoMessage(LAST_ERRNO + 1), `Unknown error ${LAST_ERRNO + 1}`);
  },
});

Deno.test({
  name: "a constant that differs from the headers is found, and one that they lack",
  ignore: !hasTools("gcc"),
  fn() {
    const wrong = new Map([["EIO", 6], ["EPERM", 1]]);
    assertEquals(differences(wrong, valuesInC(wrong.keys())), [
      "EIO is 6 here and 5 in the headers",
    ]);
    let complaint = "";
    try {
      valuesInC(["ENOSUCHTHING"]);
    } catch (error) {
      complaint = String(error);
    }
    assertEquals(complaint.includes("ENOSUCHTHING"), true, complaint);
  },
});
