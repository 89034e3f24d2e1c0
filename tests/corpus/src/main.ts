import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { type OwnCluster, startCluster } from "../../harness/src/cluster.ts"
import { withClient } from "../../harness/src/sql.ts"
import { digestOf } from "./digest.ts"
import { Workshop } from "./installed.ts"
import { type Judged, judge } from "./judge.ts"
import { type Options, readArguments, usage } from "./options.ts"
import { repeatAll } from "./replay.ts"
import { isPerfect, score } from "./score.ts"
import { serverSettings } from "./server-settings.ts"
import { canLoad, isBelowFloor, readSystems, type System } from "./system.ts"
import { lineOf, tableOf } from "./table.ts"
import { timeTables } from "./time-tables.ts"
import { verify } from "./verify.ts"

const cli = fileURLToPath(new URL("../../../packages/wardkeep/dist/cli.js", import.meta.url))
const systemsFolder = fileURLToPath(new URL("../systems", import.meta.url))

async function judgeAll(workshop: Workshop, systems: readonly System[], options: Options): Promise<Judged[]> {
  const waiting = [...systems]
  const judged: Judged[] = []
  const work = async () => {
    for (let system = waiting.shift(); system !== undefined; system = waiting.shift()) {
      const one = await judgeOne(workshop, system, options)
      console.log(lineOf(one))
      judged.push(one)
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, work))
  return judged.toSorted((a, b) => systems.indexOf(a.system) - systems.indexOf(b.system))
}

async function judgeOne(workshop: Workshop, system: System, { reports }: Options): Promise<Judged> {
  const installed = await workshop.install(system)
  try {
    const before = await digestOf(installed)
    const verified = await verify(cli, installed)
    const leftBehind = (await digestOf(installed)) !== before
    if (reports !== undefined && "text" in verified) write(join(reports, `${system.slug}.json`), verified.text)
    const repeated = await repeatAll(installed, "report" in verified ? verified.report.findings : [])
    return judge(system, verified, leftBehind, repeated)
  } finally {
    await installed.remove()
  }
}

function chosen({ kind, only }: Options, serverVersionNum: number): System[] {
  return readSystems(systemsFolder)
    .filter((system) => kind === undefined || system.kind === kind)
    .filter(({ slug }) => only.length === 0 || only.includes(slug))
    .filter((system) => canLoad(system, serverVersionNum))
    .filter(({ belowFloorOnly }) => belowFloorOnly !== true || isBelowFloor(serverVersionNum))
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2))
  const started = performance.now()
  const cluster = await startCluster({ settings: serverSettings })
  try {
    const workshop = await Workshop.open(cluster)
    if (options.tables !== undefined) {
      const isInTime = await timeTables(workshop, cli, options.tables)
      await workshop.close()
      if (!isInTime) process.exitCode = 1
      return
    }
    const judged = await judgeAll(workshop, chosen(options, cluster.serverVersionNum), options)
    await workshop.close()
    const result = score(judged, await versionOf(cluster), (performance.now() - started) / 1000)
    console.log(`\n${tableOf(result)}`)
    for (const { system, why } of result.misses) console.log(`missed: ${system}: ${why}`)
    for (const { system, why } of result.replays.silent) console.log(`replay shows nothing: ${system}: ${why}`)
    if (options.json !== undefined) write(options.json, `${JSON.stringify(result, null, 2)}\n`)
    if (options.check && !isPerfect(result)) process.exitCode = 1
  } finally {
    await cluster.stop()
  }
}

async function versionOf(cluster: OwnCluster): Promise<string> {
  return await withClient(cluster.admin, async (client) => {
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version")
    return rows[0]?.version ?? ""
  })
}

if (process.argv.includes("--help")) console.log(usage)
else await main()
