import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The host's own migrations, in order. They look for the folder upwards: this file runs from src and from dist. */
export function schemaFiles(): string[] {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, "schema", "01_clinic.sql"))) {
    const above = dirname(folder)
    if (above === folder) throw new Error("the folder schema/ is missing beside package.json")
    folder = above
  }
  const schema = join(folder, "schema")
  return readdirSync(schema)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => readFileSync(join(schema, name), "utf8"))
}
