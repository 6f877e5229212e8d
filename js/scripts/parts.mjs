// Parts of the front end that a page asks the kernel for when it needs them (src/widgets/parts.ts):
// BokehJS, of which only what src/widgets/inspecting/models.ts names is taken, and the editor of code.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
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

/** Their folders, of which the editor holds some: one licence for all, by one author. */
const inEditor = ["@codemirror/view", "@lezer/common", "style-mod", "w3c-keyname", "crelt"];

/** Write the parts into a folder; gives what the bundle is to know of each: a digest of its text. */
export async function buildParts(root, outdir, minify) {
  const licenses = (names) => names.map((name) => resolve(root, "node_modules", name, "LICENSE"));
  return {
    BOKEH_DIGEST: await part(
      root,
      outdir,
      "bokeh",
      "src/widgets/inspecting/models.ts",
      {
        minify,
        legalComments: "eof",
        ...bokeh,
      },
      licenses(["@bokeh/bokehjs"]),
    ),
    EDITOR_DIGEST: await part(
      root,
      outdir,
      "editor",
      "src/widgets/editing/codemirror.ts",
      {
        minify,
        legalComments: "eof",
      },
      licenses(inEditor),
    ),
  };
}

async function part(root, outdir, name, file, options, licenses) {
  const text = await bundled(resolve(root, file), options);
  const code = text(".js");
  await writeFile(resolve(outdir, `${name}.js.gz`), gzipSync(code, { level: 9 }));
  const said = await Promise.all(licenses.map((license) => readFile(license, "utf8")));
  await writeFile(resolve(outdir, `${name}.LICENSE.txt`), [...new Set(said)].join("\n----\n\n"));
  return createHash("sha256").update(code).digest("hex").slice(0, 16);
}
