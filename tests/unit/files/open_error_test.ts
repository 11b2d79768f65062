import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { noMedium, openError } from "../../../src/files/open_error.ts";
import * as errno from "../../../src/sys/errno.ts";
import { SystemError } from "../../../src/sys/system_error.ts";

Deno.test("each way of not being opened has its sentence and its hint", () => {
  const cases: [number, string, RegExp | undefined][] = [
    [errno.EACCES, 'cannot open "/dev/sda": Permission denied (EACCES)', /root/],
    [errno.EPERM, 'cannot open "/dev/sda": Operation not permitted (EPERM)', /root/],
    [errno.ENOENT, 'cannot open "/dev/sda": No such file or directory (ENOENT)', /detect/],
    [errno.EROFS, 'cannot open "/dev/sda": Read-only file system (EROFS)', /--write-through/],
    [errno.EBUSY, 'cannot open "/dev/sda": Device or resource busy (EBUSY)', /unmount/],
    [errno.ENOMEDIUM, 'cannot read "/dev/sda": no medium (ENOMEDIUM)', /insert a disc/],
    [errno.EIO, 'cannot open "/dev/sda": Input/output error (EIO)', undefined],
  ];
  for (const [number, message, hint] of cases) {
    const cause = new SystemError(number, "open", { path: "/dev/sda" });
    const error = openError("/dev/sda", cause) as UserError;
    assertInstanceOf(error, UserError);
    assertEquals(error.message, message);
    assertEquals(error.hints.length, hint ? 1 : 0);
    if (hint) assertEquals(hint.test(error.hints[0]!), true, error.hints[0]);
    assertStrictEquals(error.cause, cause);
  }
});

Deno.test("what is no refusal of the system stays what it is", () => {
  const bug = new TypeError("bug");
  assertStrictEquals(openError("/dev/sda", bug), bug);
});

Deno.test("an empty drive is told from its errno alone", () => {
  assertEquals((noMedium("/dev/sr0").cause as SystemError).code, "ENOMEDIUM");
});
