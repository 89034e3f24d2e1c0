import { afterAll } from "vitest"
import { removeFolders } from "./run-cli.ts"

// Of every test file: a hook in run-cli.ts would be the first file's only, since files share modules.
afterAll(removeFolders)
