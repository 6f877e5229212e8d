import { defineConfig } from "vitest/config";
import { bundles } from "./scripts/bundles.mjs";
import { vitePanels } from "./scripts/panels.mjs";
import { workers } from "./scripts/workers.mjs";

export default defineConfig({
  plugins: [vitePanels, workers.forVite, bundles.forVite],
  test: {
    include: ["src/**/*.test.ts"],
    setupFiles: ["./src/vitest.setup.ts"],
    environment: "happy-dom",
    // One page for all files of a worker: making one took nine tenths of the time.
    isolate: false,
  },
});
