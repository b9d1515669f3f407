// The pure wheel in Pyodide: node pyodide.mjs PYODIDE_FOLDER PROGRAM WHEEL…  The wheels are unpacked, nothing is fetched;
// where Pyodide's NumPy can be loaded PROGRAM runs a second time, with it.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, program, ...wheels] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const code = readFileSync(program, "utf8");
const python = await loadPyodide({ stdout: console.log, stderr: console.error });
for (const wheel of wheels) {
  const bytes = readFileSync(wheel);
  python.unpackArchive(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), "wheel");
}
const run = () => python.runPythonAsync(code).catch((error) => { // without the 1.2 MB of source that node would print
  console.error(error.message);
  process.exit(1);
});
await run();
let more = false;
try {
  await python.loadPackage("numpy", { messageCallback: () => {}, errorCallback: () => {} });
  more = python.runPython("import importlib.util; importlib.util.find_spec('numpy') is not None");
} catch { /* no network */ }
if (more) {
  await run();
} else {
  console.log("NumPy for Pyodide could not be fetched: what needs arrays is not run there");
}
