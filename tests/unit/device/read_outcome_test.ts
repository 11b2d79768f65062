import { assertEquals } from "@std/assert";
import { GONE, GOOD, outcomeOf, REFUSED, UNREADABLE } from "../../../src/device/read_outcome.ts";
import * as errno from "../../../src/sys/errno.ts";

Deno.test("each result of a device read means one thing", () => {
  const table: [result: number, outcome: number][] = [
    [512, GOOD],
    [1, GOOD],
    [-errno.EIO, UNREADABLE],
    [-errno.ENODATA, UNREADABLE],
    [-errno.ETIMEDOUT, UNREADABLE],
    [-errno.ENOLINK, UNREADABLE],
    [-errno.EREMOTEIO, UNREADABLE],
    [-errno.EILSEQ, UNREADABLE],
    [-errno.EBADMSG, UNREADABLE],
    [0, GONE],
    [-errno.ENXIO, GONE],
    [-errno.ENODEV, GONE],
    [-errno.ENOMEDIUM, GONE],
    [-errno.ESHUTDOWN, GONE],
    [-errno.EINVAL, REFUSED],
    [-errno.ENOMEM, REFUSED],
    [-errno.EAGAIN, REFUSED],
    [-errno.EBADF, REFUSED],
    [-errno.EACCES, REFUSED],
    [-4711, REFUSED],
  ];
  for (const [result, outcome] of table) assertEquals(outcomeOf(result), outcome, String(result));
});
