import { assert, assertEquals } from "@std/assert";
import { ownParentage, parseParentage, starterOf } from "../../../src/host/parentage.ts";

Deno.test("parent and session are found behind any name", () => {
  for (const name of ["blkcache", "a b", ") S 1 2 3 (", ""]) {
    const parentage = parseParentage(`4711 (${name}) S 42 4711 7 0 -1 4194560 1 2`);
    assertEquals(parentage, { pid: 4711, parent: 42, session: 7 });
  }
  for (const text of ["", "4711", "4711 (a) S", "x (a) S 1 2 3"]) {
    assertEquals(parseParentage(text), undefined);
  }
});

Deno.test("this process has a parent", () => {
  assertEquals(ownParentage()?.parent, Deno.ppid);
  assertEquals(ownParentage()?.pid, Deno.pid);
});

Deno.test("a service manager that has started us is told from one that has adopted us", () => {
  const table: [parent: number, name: string | undefined, leads: boolean, is: string][] = [
    [42, "nbdcopy", false, "there"],
    [42, "python3", true, "there"],
    [42, undefined, true, "there"],
    [1, "systemd", true, "a service manager"],
    [1, "init", true, "a service manager"],
    [1, "systemd", false, "gone"],
    [1, "process_api", false, "gone"],
    [900, "systemd", true, "a service manager"],
    [900, "systemd", false, "gone"],
  ];
  for (const [parent, name, leads, is] of table) {
    const parentage = { pid: 4711, parent, session: leads ? 4711 : 7 };
    const starter = starterOf(parentage, (path) => {
      assertEquals(path, `/proc/${parent}/comm`);
      return name === undefined ? undefined : `${name}\n`;
    });
    assertEquals(starter.is, is);
    assert(starter.is !== "there" || starter.parent === parent);
  }
});
