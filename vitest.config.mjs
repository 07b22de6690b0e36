import { defineConfig } from "vitest/config";

// Tests run on the compiled output, so that worker threads load the same JavaScript that ships.
export default defineConfig({
  test: {
    include: ["dist/test/**/*.test.js"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    globalSetup: ["./dist/test/support/servers/global-setup.js"],
    reporters: ["default", "./dist/test/support/closing-line.js"],
  },
});
