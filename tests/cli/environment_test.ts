// Strange surroundings: variables that make no sense, standard descriptors that are closed. The program works,
// and nothing is said that is not ours.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { readThrough } from "../harness/nbd_client.ts";
import { Program, runProgram } from "../harness/program.ts";
import { exists, TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

/** A shell that does something before it becomes the program. */
const shell = (script: string) => ["/bin/sh", "-c", `${script} exec "$@"`, "sh"];

/** Not UTF-8, an escape sequence, a line break. */
const JUNK = String.raw`$(printf '\377\376\033[31mjunk\nx')`;

const SETTINGS: readonly string[] = [
  "TMPDIR=",
  "TMPDIR=relative",
  "TMPDIR=./../..",
  "TMPDIR=/nonexistent/folder",
  "TMPDIR=/etc/passwd",
  `TMPDIR="${JUNK}"`,
  `TMPDIR="/tmp/${JUNK}"`,
  "TERM=",
  `TERM="${JUNK}"`,
  // Not all of the junk: some values of LANG make the runtime itself crash before it gets to us.
  `LANG="$(printf '\\377\\376')" LC_ALL="junk" LC_CTYPE="${JUNK}"`,
  `XDG_RUNTIME_DIR="${JUNK}"`,
  `LISTEN_PID="${JUNK}" LISTEN_FDS="${JUNK}" LISTEN_FDNAMES="${JUNK}"`,
  `NO_COLOR="${JUNK}"`,
];

for (const setting of SETTINGS) {
  Deno.test(`${setting}: the program works and says nothing else`, async () => {
    using folder = new TestFolder();
    folder.noise("device", 65_536);
    const options = { dir: folder.path, by: shell(`export ${setting};`) };
    const version = await runProgram(["--version"], options);
    assertEquals([version.code, version.stderr], [0, ""]);
    assertMatch(version.stdout, /^blkcache \d+\.\d+\.\d+ [^\n]*\n$/);
    const args = ["serve", "device", "image", "--socket=socket", "--fill", "--exit-when-complete"];
    const { code, stdout, stderr } = await runProgram(args, options);
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^ready /);
    for (const line of stderr.trimEnd().split("\n")) assertMatch(line, /^(blkcache|next): /);
  });
}

/** What a descriptor of another process leads to. */
const targetOf = (pid: number, fd: number) => Deno.readLinkSync(`/proc/${pid}/fd/${fd}`);

for (let closed = 0; closed < 8; closed++) {
  const fds = [0, 1, 2].filter((fd) => closed & (1 << fd));
  Deno.test(`started without the descriptors [${fds}]: nothing of ours takes their place`, async () => {
    using folder = new TestFolder();
    const device = folder.noise("device", 65_536);
    const redirections = fds.map((fd) => `${fd}>&-`).join(" ");
    const args = ["serve", "device", "image", `--socket=${folder.file("socket")}`, "--http=0"];
    await using program = Program.start(args, {
      dir: folder.path,
      by: ["/bin/sh", "-c", `exec "$@" ${redirections}`, "sh"],
    });
    await until("it listens", () => exists(folder.file("socket")));
    for (const fd of fds) assertEquals(targetOf(program.pid, fd), "/dev/null", `descriptor ${fd}`);
    const uri = `nbd+unix:///?socket=${folder.file("socket")}`;
    const [read] = await readThrough(uri, { reads: [[0, 65_536]], source: device });
    assertEquals([read.errno, read.wrong], [0, 0]);
    for (const fd of fds) assertEquals(targetOf(program.pid, fd), "/dev/null", `descriptor ${fd}`);
    program.signal("SIGTERM");
    const { code, stdout, stderr } = await program.ended();
    assertEquals(code, 0, stderr);
    assertEquals([stdout === "", stderr === ""], [fds.includes(1), fds.includes(2)]);
    assert(Deno.readTextFileSync(folder.file("image.map")).includes("0x00010000  +"));
  });
}
