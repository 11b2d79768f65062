import { assertEquals, assertMatch } from "@std/assert";
import { commandOf, holderIn, lockHolder } from "../../../src/host/lock_holder.ts";
import { closeFd, openFile, tryLock } from "../../../src/sys/fd.ts";
import { O_CREAT, O_RDWR } from "../../../src/sys/open_flags.ts";
import { inFolder } from "../../harness/temporary_folder.ts";

const LOCKS = `1: POSIX  ADVISORY  WRITE 100 fd:01:77 0 EOF
2: FLOCK  ADVISORY  WRITE 0 fd:01:77 0 EOF
2: -> FLOCK  ADVISORY  WRITE 101 fd:01:77 0 EOF
3: FLOCK  ADVISORY  READ  102 fd:01:77 0 EOF
4: FLOCK  ADVISORY  WRITE 103 fd:02:77 0 EOF
5: FLOCK  ADVISORY  WRITE 104 fd:01:78 0 EOF
6: FLOCK  ADVISORY  WRITE 4711 fd:01:77 0 EOF
`;

Deno.test("the holder of a lock is found by device and inode", () => {
  assertEquals(holderIn(LOCKS, 0xfd, 1, 77), 4711);
  assertEquals(holderIn(LOCKS, 0xfd, 2, 77), 103);
  assertEquals(holderIn(LOCKS, 0xfd, 1, 79), undefined);
  assertEquals(holderIn("nonsense\n\n", 0, 0, 0), undefined);
});

Deno.test("a command is shown without control characters, and cut", () => {
  assertEquals(commandOf("blkcache\0serve\0/dev/sr0\0"), "blkcache serve /dev/sr0");
  assertEquals(commandOf("a\x1b[31mb\nc\0"), "a[31mbc");
  assertEquals(commandOf("x".repeat(200)).length, 80);
  assertEquals(commandOf(""), "");
});

Deno.test("the holder of a lock of this process is this process", () =>
  inFolder((folder) => {
    const fd = openFile(`${folder}/file`, O_RDWR | O_CREAT);
    tryLock(fd);
    assertMatch(lockHolder(fd) ?? "", new RegExp(`^process ${Deno.pid}: .*deno`));
    closeFd(fd);
  }));
