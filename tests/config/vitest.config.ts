import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { LongestFirst } from "./longest-first.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
// Vitest hands these to Node as well, where "import" or "module" would give ESM to a require().
const source = ["@wardkeep/source", "node"]

const shared = {
  root,
  resolve: {
    alias: [{ find: /^#tests\//, replacement: `${root}tests/` }],
    conditions: source,
  },
  ssr: { resolve: { conditions: source } },
}

const tempFolder = "tests/harness/src/temp-folder.ts"
const removeFolders = "tests/cli/remove-folders.ts"

// A database test waits more than it works: three on two cores took half of what two did, and four 67 and 75 s where three took
// 83 and 86 s for the same 687 tests.
const workers = { pool: "forks", maxWorkers: 4 } as const

// Files of one worker share their modules: loading them anew for each file took a third of the time.
const sharing = { isolate: false } as const

export default defineConfig({
  ...shared,
  test: {
    ...workers,
    sequence: { sequencer: LongestFirst },
    // One leg after another reads the same sources: what the first made of a file, by its text, the others take.
    experimental: { fsModuleCache: true },
    passWithNoTests: true,
    projects: [
      {
        ...shared,
        test: {
          ...sharing,
          name: "unit",
          globalSetup: [tempFolder],
          setupFiles: [removeFolders],
          include: ["{packages,examples}/*/src/**/*.test.ts", "tests/**/*.test.ts"],
          exclude: [
            "**/*.db.test.ts",
            "tests/packaging/**",
            "tests/contracts/{anchors,next,orm-tools}/**",
            "**/node_modules/**",
          ],
          testTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          // `npm run next`: Next is installed and built first.
          name: "next",
          globalSetup: ["tests/harness/src/global-setup.ts", tempFolder],
          include: ["tests/contracts/next/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          // `npm run orm-tools`: drizzle-kit is installed first.
          name: "orm-tools",
          globalSetup: ["tests/harness/src/global-setup.ts", tempFolder],
          include: ["tests/contracts/orm-tools/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          // `npm run counterparts`: what others wrote is fetched first.
          name: "counterparts",
          globalSetup: ["tests/harness/src/global-setup.ts", tempFolder],
          include: ["tests/contracts/anchors/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          // `npm run console`: Next is installed and the console built first.
          name: "console",
          globalSetup: ["tests/harness/src/global-setup.ts", tempFolder],
          include: ["examples/next-clinic/browser/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          name: "packaging",
          // Before the packed files are made, since they go with the folder.
          globalSetup: [tempFolder, "tests/packaging/setup.ts"],
          include: ["tests/packaging/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        ...shared,
        test: {
          ...sharing,
          name: "db",
          globalSetup: ["tests/harness/src/global-setup.ts", tempFolder],
          setupFiles: [removeFolders],
          include: ["{packages,examples,tests}/**/*.db.test.ts"],
          exclude: ["**/node_modules/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
