import { readFileSync } from "node:fs"
import { join, relative } from "node:path"
import ts from "typescript"
import { root } from "./run.mjs"

/**
 * Writes a package's declarations: one file for each module that an entry of its `exports` can reach, below
 * `dist/types`, and each entry's own file, which points there. Each is written twice, since CommonJS reads `.d.cts`.
 *
 * A bundler of declarations took most of a build (27 s of 29 in the adapters); the compiler alone takes 5.
 */
export function declare(folder) {
  const source = join(folder, "src")
  const entries = entriesOf(folder)
  const options = { ...optionsOf(folder), rootDir: source }
  const program = ts.createProgram(Object.keys(entries), options, reading(options))
  const emitted = program.emit(undefined, (file, text) => write(file, text), undefined, true)
  const faults = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics]
  if (faults.length > 0) throw new Error(ts.formatDiagnostics(faults, names))
  for (const [file, declaration] of Object.entries(entries)) {
    const target = relative(source, file).replace(/\.ts$/, ".js")
    write(join(folder, declaration), `export * from "./types/${target}"\n`)
  }
}

const parsed = new Map()

/** A compiler host that parses a file once for all packages. */
function reading(options) {
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.getSourceFile = (file, ...how) => {
    if (!parsed.has(file)) parsed.set(file, getSourceFile(file, ...how))
    return parsed.get(file)
  }
  return host
}

const names = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => root, getNewLine: () => "\n" }

/** Source file of each entry, and where its `exports` says the declaration is. */
function entriesOf(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const typed = Object.values(exports).filter((entry) => entry["@wardkeep/source"] !== undefined)
  return Object.fromEntries(
    typed.map((entry) => [join(folder, entry["@wardkeep/source"]), entry.import?.types ?? entry.types]),
  )
}

function optionsOf(folder) {
  const file = ts.findConfigFile(folder, ts.sys.fileExists)
  const { options } = ts.getParsedCommandLineOfConfigFile(file, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic })
  const { paths, ...rest } = options
  return { ...rest, noEmit: false, emitDeclarationOnly: true, sourceMap: false, outDir: join(folder, "dist/types") }
}

function onUnRecoverableConfigFileDiagnostic(fault) {
  throw new Error(ts.formatDiagnostic(fault, names))
}

function write(file, text) {
  const importing = (extension) => text.replace(/((?:from|import\() ?"\.[^"]+)\.[jt]s"/g, `$1.${extension}"`)
  ts.sys.writeFile(file, importing("js"))
  ts.sys.writeFile(file.replace(/\.d\.ts$/, ".d.cts"), importing("cjs"))
}
