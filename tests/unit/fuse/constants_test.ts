// Every number of src/fuse/constants.ts against the header of this machine: one C program prints them all.
import { assertEquals } from "@std/assert";
import * as constants from "../../../src/fuse/constants.ts";
import { hasTools } from "../../harness/requires.ts";

/** What the header calls otherwise, or has no name for. */
const IN_C: Readonly<Record<string, string>> = {
  FUSE_IN_HEADER_BYTES: "sizeof(struct fuse_in_header)",
  FUSE_OUT_HEADER_BYTES: "sizeof(struct fuse_out_header)",
  FUSE_INIT_OUT_BYTES: "sizeof(struct fuse_init_out)",
  FUSE_OPEN_OUT_BYTES: "sizeof(struct fuse_open_out)",
  FUSE_ATTR_OUT_BYTES: "sizeof(struct fuse_attr_out)",
  FUSE_STATFS_OUT_BYTES: "sizeof(struct fuse_statfs_out)",
};
/** The version that we claim is older than the header's; a flag and a mask that older headers lack. */
const NOT_THERE = ["FUSE_KERNEL_MINOR_VERSION", "FUSE_DIRECT_IO_ALLOW_MMAP_2", "MAY_WRITE"];

/** Where the code puts its hands, and what the header has there. */
const OFFSETS: readonly [offset: number, structure: string, field: string][] = [
  [4, "fuse_in_header", "opcode"],
  [8, "fuse_in_header", "unique"],
  [8, "fuse_read_in", "offset"],
  [16, "fuse_read_in", "size"],
  [0, "fuse_open_in", "flags"],
  [0, "fuse_access_in", "mask"],
  [0, "fuse_interrupt_in", "unique"],
  [8, "fuse_init_in", "max_readahead"],
  [12, "fuse_init_in", "flags"],
  [16, "fuse_init_in", "flags2"],
  [4, "fuse_out_header", "error"],
  [8, "fuse_out_header", "unique"],
  [12, "fuse_init_out", "flags"],
  [16, "fuse_init_out", "max_background"],
  [18, "fuse_init_out", "congestion_threshold"],
  [20, "fuse_init_out", "max_write"],
  [24, "fuse_init_out", "time_gran"],
  [28, "fuse_init_out", "max_pages"],
  [32, "fuse_init_out", "flags2"],
  [8, "fuse_open_out", "open_flags"],
  [8, "fuse_notify_retrieve_out", "nodeid"],
];

Deno.test({
  name: "constants and structures are those of linux/fuse.h",
  ignore: !hasTools("gcc"),
  fn() {
    const expressions = new Map<string, number>(OFFSETS.map(([offset, structure, field]) => [
      `offsetof(struct ${structure}, ${field})`,
      offset,
    ]));
    for (const [name, value] of Object.entries(constants)) {
      if (!NOT_THERE.includes(name)) expressions.set(IN_C[name] ?? name, value);
    }
    assertEquals(inC([...expressions.keys()]), expressions);
    assertEquals(expressions.size > 70, true);
  },
});

/** What C makes of each expression. */
function inC(expressions: readonly string[]): Map<string, number> {
  const folder = Deno.makeTempDirSync();
  try {
    const headers = ["stdio", "stddef", "errno", "fcntl", "sys/stat", "linux/fuse"];
    const lines = expressions.map((text) => `printf("%lld\\n", (long long) (${text}));`);
    const source = ["#define _GNU_SOURCE", ...headers.map((header) => `#include <${header}.h>`)];
    Deno.writeTextFileSync(
      `${folder}/constants.c`,
      [...source, "int main(void) {", ...lines, "}"].join("\n"),
    );
    output("gcc", "-o", `${folder}/constants`, `${folder}/constants.c`);
    const values = output(`${folder}/constants`).trim().split("\n").map(Number);
    return new Map(expressions.map((text, index) => [text, values[index]!]));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function output(program: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(program, { args }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
