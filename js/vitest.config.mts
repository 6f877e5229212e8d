import { defineConfig } from "vitest/config";
import { vitePanels } from "./scripts/panels.mjs";

export default defineConfig({
  plugins: [vitePanels],
  test: {
    include: ["src/**/*.test.ts"],
    environment: "happy-dom",
  },
});
