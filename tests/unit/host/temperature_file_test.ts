import { assertEquals } from "@std/assert";
import { parseCelsius, temperatureFile } from "../../../src/host/temperature_file.ts";
import { TestFolder } from "../../harness/test_folder.ts";

for (const place of ["device/hwmon/hwmon3", "device/hwmon7", "device/device/hwmon/hwmon0"]) {
  Deno.test(`the temperature is found at ${place}`, () => {
    using folder = new TestFolder();
    Deno.mkdirSync(folder.file(place), { recursive: true });
    assertEquals(temperatureFile(folder.path), undefined);
    Deno.writeTextFileSync(folder.file(`${place}/name`), "drivetemp\n");
    assertEquals(temperatureFile(folder.path), `${folder.path}/${place}/temp1_input`);
  });
}

Deno.test("a temperature is in millidegrees", () => {
  assertEquals(["38000\n", "-2500\n", "", "38 C\n"].map(parseCelsius), [
    38,
    -2.5,
    undefined,
    undefined,
  ]);
});
