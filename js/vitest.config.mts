import { defineConfig } from "vitest/config";
import { viteBundles } from "./scripts/bundles.mjs";
import { vitePanels } from "./scripts/panels.mjs";
import { viteWorkers } from "./scripts/workers.mjs";

export default defineConfig({
  plugins: [vitePanels, viteWorkers, viteBundles],
  test: {
    include: ["src/**/*.test.ts"],
    environment: "happy-dom",
  },
});
