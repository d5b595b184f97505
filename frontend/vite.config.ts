import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  base: "/static/",
  build: {
    outDir: path("dist"),
    // Not in a dot folder: collectstatic leaves those out.
    manifest: "manifest.json",
    target: "es2022",
    modulePreload: { polyfill: false },
    // A data: URL in a style would need a weaker content security policy.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: {
        pages: path("src/pages/main.ts"),
        room: path("src/room/main.ts"),
      },
    },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
    // A busy machine is no failure; nothing here waits for time to pass.
    testTimeout: 120_000,
  },
});
