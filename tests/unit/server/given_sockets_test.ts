import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { givenSockets, takeGivenSockets } from "../../../src/server/given_sockets.ts";

const PID = 1234;

Deno.test("sockets are given from descriptor 3 on, to the process that is named", () => {
  const table: [env: Record<string, string>, given: number[]][] = [
    [{}, []],
    [{ LISTEN_FDS: "2" }, []],
    [{ LISTEN_PID: "1234", LISTEN_FDS: "0" }, []],
    [{ LISTEN_PID: "1234", LISTEN_FDS: "1" }, [3]],
    [{ LISTEN_PID: "1234", LISTEN_FDS: "3", LISTEN_FDNAMES: "a:b:c" }, [3, 4, 5]],
    [{ LISTEN_PID: "1235", LISTEN_FDS: "1" }, []],
    [{ LISTEN_PID: "01234", LISTEN_FDS: "1" }, []],
    [{ LISTEN_PID: "", LISTEN_FDS: "nonsense" }, []],
  ];
  for (const [env, given] of table) {
    assertEquals(givenSockets(PID, (name) => env[name]), given, JSON.stringify(env));
  }
});

Deno.test("a number of sockets that is none is refused", () => {
  for (const count of ["", "-1", "1.5", "x", "0x3", "257", "99999999999999999999"]) {
    const env: Record<string, string> = { LISTEN_PID: "1234", LISTEN_FDS: count };
    const error = assertThrows(() => givenSockets(PID, (name) => env[name]), UserError);
    assertEquals(error.message, `LISTEN_FDS is "${count}", which is no number of sockets`);
  }
});

Deno.test("the variables are taken away, whoever they were for", () => {
  for (const pid of [Deno.pid, Deno.pid + 1]) {
    Deno.env.set("LISTEN_PID", String(pid));
    Deno.env.set("LISTEN_FDS", "1");
    Deno.env.set("LISTEN_FDNAMES", "name");
    assertEquals(takeGivenSockets(), pid === Deno.pid ? [3] : []);
    const left = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"].filter((name) =>
      Deno.env.has(name)
    );
    assertEquals(left, []);
  }
});
