#!/usr/bin/env node
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { PrismaPg } from "@prisma/adapter-pg"
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from "@prisma/driver-adapter-utils"
import * as engineModule from "@prisma/schema-engine-wasm/schema_engine_bg"

// The program that the command line of Prisma starts as its schema engine, and would fetch from a server of its own. It is the
// same engine, of the same commit, as Prisma publishes it in WebAssembly; what is here carries questions and answers over.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    datamodels: { type: "string", multiple: true },
    datasource: { type: "string" },
    "enabled-preview-features": { type: "string" },
    "extension-types": { type: "string" },
  },
})
const { url, shadowDatabaseUrl } = JSON.parse(values.datasource)
const connect = async (connectionString) => withChars(await new PrismaPg({ connectionString }).connect())

/** Columns of the catalog are of the type `"char"`, which the engine asks for and the driver adapter does not know. */
function withChars(adapter) {
  const [char, text] = [18, 25]
  const ask = Object.getPrototypeOf(adapter).queryRaw
  adapter.queryRaw = async (query) => {
    let fields = []
    const performIO = async (asked) => {
      const result = await adapter.performIO(asked)
      fields = result.fields
      return { ...result, fields: fields.map((one) => (one.dataTypeID === char ? { ...one, dataTypeID: text } : one)) }
    }
    const answer = await ask.call(Object.create(adapter, { performIO: { value: performIO } }), query)
    const typeOf = (type, n) => (fields[n]?.dataTypeID === char ? ColumnTypeEnum.Character : type)
    return { ...answer, columnTypes: answer.columnTypes.map(typeOf) }
  }
  return adapter
}

/** A database that is dropped when the engine has done with it. */
async function connectToShadowDb() {
  const name = `shadow_${randomUUID()}`
  const admin = await connect(shadowDatabaseUrl)
  await admin.executeScript(`create database "${name}"`)
  const at = new URL(shadowDatabaseUrl)
  at.pathname = `/${name}`
  const shadow = await connect(at.href)
  const dispose = shadow.dispose.bind(shadow)
  shadow.dispose = async () => {
    await dispose()
    await admin.executeScript(`drop database "${name}" with (force)`)
    await admin.dispose()
  }
  return shadow
}

async function openEngine() {
  const file = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg")
  const code = readFileSync(file.replace(/\.js$/, ".wasm"))
  const { instance } = await WebAssembly.instantiate(code, { "./schema_engine_bg.js": engineModule })
  engineModule.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  const { provider, adapterName } = new PrismaPg({})
  const factory = { provider, adapterName, connect: () => connect(url), connectToShadowDb }
  const datamodels = values.datamodels?.map((path) => [path, readFileSync(path, "utf8")])
  const log = () => undefined
  return await engineModule.SchemaEngine.new({ datamodels }, log, bindMigrationAwareSqlAdapterFactory(factory))
}

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)

async function answer(engine, { id, method, params }) {
  try {
    const result = await (method === "getDatabaseVersion" ? engine.version(params) : engine[method](params))
    if (method === "diff" && result.stdout)
      send({ id: randomUUID(), method: "print", params: { content: result.stdout } })
    send({ id, result: result ?? null })
  } catch (error) {
    const data = { is_panic: false, message: error.message, error_code: error.code, meta: null }
    send({ id, error: { code: 4466, message: error.message, data } })
  }
}

if (positionals[0] === "cli") {
  // It asks only whether the database can be reached.
  await (await connect(url)).dispose()
} else {
  const engine = await openEngine()
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line)
    // Answers to `print` need none.
    if (message.method !== undefined) await answer(engine, message)
  }
}
