import { describeMachine, type Machine } from "../machine.ts"
import { shuffled } from "../rounds.ts"
import { median, quantile, ratioOf, rounded } from "../statistics.ts"
import { type CompileResult, measureCompile } from "./compile.ts"
import { type Engine, engines } from "./engines.ts"
import { grants, questions } from "./questions.ts"

export interface EngineResult {
  readonly name: string
  readonly kind: Engine["kind"]
  /** Processor time of one question, median over rounds. */
  readonly nanoseconds: number
  readonly iqr: readonly [number, number]
  /** How many compiled checks fit into one question, median of the rounds' ratios. */
  readonly timesCompiled: number
}

export interface PermissionBar {
  readonly what: string
  readonly measured: number
  readonly held: boolean
}

export interface PermissionReport {
  readonly set: "permissions"
  readonly machine: Machine
  readonly node: string
  readonly date: string
  readonly command: string
  readonly quick: boolean
  /** Every engine gave the same answer to every question, or the run throws. */
  readonly agreement: { readonly engines: number; readonly questions: number; readonly allowed: number }
  readonly rounds: number
  readonly engines: readonly EngineResult[]
  readonly compile: CompileResult
  readonly bars: readonly PermissionBar[]
}

export interface PermissionOptions {
  readonly quick: boolean
  /** Where the policy is planned and applied. */
  readonly server: 15 | 18
  readonly report: (text: string) => void
}

export async function runPermissions({ quick, server, report }: PermissionOptions): Promise<PermissionReport> {
  const machine = describeMachine()
  const asked = questions()
  const all = await engines(grants(), asked)
  let allowed = 0
  for (const one of asked) {
    const answers = new Set<boolean>()
    for (const engine of all) answers.add(await engine.answer(one))
    if (answers.size !== 1) throw new Error(`the engines do not agree about ${one.role} ${one.action} ${one.table}`)
    if (answers.has(true)) allowed++
  }
  report(`${all.length} engines agree about ${asked.length} questions, ${allowed} of them allowed`)
  const rounds = quick ? 3 : 15
  const times = await measure(all, rounds)
  const results = summarise(all, times)
  for (const { name, nanoseconds, timesCompiled } of results)
    report(`${String(nanoseconds).padStart(12)} ns  ${String(timesCompiled).padStart(10)} ×  ${name}`)
  const compile = await measureCompile(server, quick ? 8 : 40, quick ? 20 : 200)
  report(
    `${compile.roles} roles and ${compile.tables} tables on PostgreSQL ${compile.server}: ${compile.policies} policies, ${compile.steps} steps; plan ${rounded(compile.plan, 1)} s, apply ${rounded(compile.apply, 1)} s`,
  )
  return {
    set: "permissions",
    machine,
    node: process.versions.node,
    date: new Date().toISOString(),
    command: `npm run bench -- --only permissions${quick ? " --quick" : ""}${server === 18 ? "" : ` --server ${server}`}`,
    quick,
    agreement: { engines: all.length, questions: asked.length, allowed },
    rounds,
    engines: results,
    compile,
    bars: [...bars(results), ...compileBars(compile)],
  }
}

/** Nanoseconds of one question in processor time, so that neighbours on the machine do not count; every round visits every engine in a new order. */
async function measure(all: readonly Engine[], rounds: number): Promise<Map<Engine, number[]>> {
  const times = new Map<Engine, number[]>(all.map((engine) => [engine, []]))
  const expected = new Map<Engine, number>()
  for (const engine of all) expected.set(engine, await engine.run(1))
  for (const engine of all) await engine.run(engine.times)
  for (let round = 0; round < rounds; round++) {
    for (const engine of shuffled(all)) {
      const began = process.cpuUsage()
      const allowed = await engine.run(engine.times)
      const { user, system } = process.cpuUsage(began)
      const took = (user + system) * 1000
      if (allowed !== (expected.get(engine) ?? 0) * engine.times) throw new Error(`${engine.name} changed its mind`)
      times.get(engine)?.push(took / (engine.times * engine.questions))
    }
  }
  return times
}

function summarise(all: readonly Engine[], times: ReadonlyMap<Engine, number[]>): EngineResult[] {
  const floor = times.get(all[0] as Engine) ?? []
  return all.map((engine) => {
    const own = times.get(engine) ?? []
    return {
      name: engine.name,
      kind: engine.kind,
      nanoseconds: rounded(median(own), 2),
      iqr: [rounded(quantile(own, 0.25), 2), rounded(quantile(own, 0.75), 2)],
      timesCompiled: rounded(ratioOf(own, floor).ratio, 1),
    }
  })
}

/** Ten nanoseconds, or ten times CASL and ten thousand times casbin at its fastest. */
function bars(results: readonly EngineResult[]): PermissionBar[] {
  const compiled = results[0]?.nanoseconds ?? Number.NaN
  const least = (name: RegExp): number =>
    Math.min(...results.filter((one) => name.test(one.name)).map((one) => one.timesCompiled))
  const [casl, casbin] = [least(/^CASL/), least(/^casbin/)]
  const faster = casl >= 10 && casbin >= 10_000
  return [
    { what: "compiled check, at most 10 ns, or both lines below", measured: compiled, held: compiled <= 10 || faster },
    { what: "CASL takes at least 10 times as long", measured: casl, held: casl >= 10 || compiled <= 10 },
    { what: "casbin takes at least 10,000 times as long", measured: casbin, held: casbin >= 10_000 || compiled <= 10 },
  ]
}

function compileBars(result: CompileResult): PermissionBar[] {
  const what = `${result.roles} roles and ${result.tables} tables`
  const both = rounded(result.plan + result.apply, 1)
  return [
    { what: `${what} compile in at most 1 s`, measured: rounded(result.matrix, 2), held: result.matrix <= 1 },
    { what: `${what}: plan and apply in at most 60 s`, measured: both, held: both <= 60 },
    { what: `${what}: steps of a second apply`, measured: result.left, held: result.left === 0 },
  ]
}
