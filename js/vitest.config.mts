import { defineConfig } from "vitest/config";
import { vitePanels } from "./scripts/panels.mjs";
import { viteWorkers } from "./scripts/workers.mjs";

export default defineConfig({
  plugins: [vitePanels, viteWorkers],
  test: {
    include: ["src/**/*.test.ts"],
    environment: "happy-dom",
  },
});
