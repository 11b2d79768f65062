import { assertEquals } from "@std/assert";
import { typedAgain } from "../../../src/base/shell_command.ts";

Deno.test("a hint repeats the command that was typed, with its file, quoted for the shell", () => {
  const table: [said: string, expected: string][] = [
    [typedAgain({ devicePath: "/dev/sr0" }, "a.img"), "blkcache serve /dev/sr0 a.img"],
    [
      typedAgain({ devicePath: "/dev/sr0" }, "my disc.img", "--force "),
      "blkcache serve --force /dev/sr0 'my disc.img'",
    ],
    [
      typedAgain({ devicePath: "/dev/sdb", shownAs: "shown file" }, "a.img", "--force "),
      "blkcache mount --force /dev/sdb 'shown file' a.img",
    ],
    [
      typedAgain({ devicePath: "a.img", shownAs: "shown" }, undefined, "--offline "),
      "blkcache mount --offline a.img shown",
    ],
  ];
  for (const [said, expected] of table) assertEquals(said, expected);
});
