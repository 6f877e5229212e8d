// Builds the JupyterLab extension: TypeScript to lib/, then JupyterLab's own builder to
// labextension/, with the note on who installed it that `jupyter labextension list` shows.
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const run = (script, ...args) =>
  execFileSync(process.execPath, [resolve(root, "node_modules", script), ...args], {
    cwd: root,
    stdio: "inherit",
  });

rmSync(resolve(root, "lib"), { recursive: true, force: true });
rmSync(resolve(root, "labextension"), { recursive: true, force: true });
run("typescript/bin/tsc", "-p", "tsconfig.lab.json");
run(
  "@jupyter/builder/lib/build-labextension.js",
  "--core-package-file",
  resolve(root, "node_modules/@jupyterlab/core-meta/core.package.json"),
  root,
);
copyFileSync(resolve(root, "install.json"), resolve(root, "labextension/install.json"));
