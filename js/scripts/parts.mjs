// Parts of the front end that a page asks the kernel for when it needs them (src/widgets/parts.ts):
// BokehJS, of which only what src/widgets/inspecting/models.ts names is taken.
import { createHash } from "node:crypto";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { bundled } from "./texts.mjs";

// Loaded by BokehJS when a text is TeX, or drawing is done by WebGL: never here. They are twice as
// large as all the rest.
const withoutExtras = {
  name: "without-extras",
  setup(build) {
    build.onResolve({ filter: /^\.\/(mathjax|webgl\/\w+)$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path, namespace: "left-out" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "export {};\n" }));
  },
};

// BokehJS is published with fields that are declared and get no value, and set by what its base
// class calls. As JavaScript they would be set to undefined again; read as TypeScript of the older
// kind, which BokehJS is written in, they are left out.
const declaredFields = {
  name: "declared-fields",
  setup(build) {
    build.onLoad({ filter: /bokehjs\/build\/js\/lib\/.*\.js$/ }, async ({ path }) => ({
      contents: await readFile(path, "utf8"),
      loader: "ts",
    }));
  },
};

/** What bundles with BokehJS in them are built with. */
export const bokeh = {
  plugins: [withoutExtras, declaredFields],
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
};

/** Write the parts into a folder; gives what the bundle is to know of each: a digest of its text. */
export async function buildParts(root, outdir, minify) {
  const text = await bundled(resolve(root, "src/widgets/inspecting/models.ts"), {
    minify,
    legalComments: "eof",
    ...bokeh,
  });
  const code = text(".js");
  await writeFile(resolve(outdir, "bokeh.js.gz"), gzipSync(code, { level: 9 }));
  const license = resolve(root, "node_modules/@bokeh/bokehjs/LICENSE");
  await copyFile(license, resolve(outdir, "bokeh.LICENSE.txt"));
  return { BOKEH_DIGEST: createHash("sha256").update(code).digest("hex").slice(0, 16) };
}
