import { defineConfig } from "vitest/config";
import { viteBundles } from "./scripts/bundles.mjs";
import { vitePanels } from "./scripts/panels.mjs";

export default defineConfig({
  plugins: [vitePanels, viteBundles],
  test: {
    include: ["src/**/*.test.ts"],
    environment: "happy-dom",
  },
});
