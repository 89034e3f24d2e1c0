import { mkdir, writeFile } from "node:fs/promises"
import { defineConfig } from "tsup"
import { library } from "../../tests/config/tsup-library.ts"
import { verifierPage } from "./page.build.ts"

export default defineConfig({
  ...library({ index: "src/index.ts", verify: "src/verify/index.ts" }),
  onSuccess: async () => {
    await mkdir("dist/page", { recursive: true })
    await writeFile("dist/page/verify.html", await verifierPage())
  },
})
