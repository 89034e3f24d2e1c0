import { parseArgs } from "node:util"

export interface Options {
  readonly set: Set
  readonly quick: boolean
  /** Of consent: loads all that the bar asks for, however long it takes. */
  readonly whole: boolean
  readonly server: 15 | 18
  /** Where the results go. */
  readonly json: string | undefined
  /** Results of earlier runs to judge or print, instead of running. */
  readonly from: readonly string[]
  /** Fail when a bar is missed. */
  readonly check: boolean
  /** Renew what was measured in docs/reference/performance.md. */
  readonly page: boolean
  /** Names of the benches to run; all when empty. */
  readonly benches: readonly string[]
}

export const usage = `npm run bench -- [--only context|permissions|audit|consent|adapters|testing|instructions] [--json FILE] [--quick|--whole] [--server 15|18] [--check] [--page]
               [--bench point,list,…] [--from FILE]…

  --only instructions: what views and writes of the audit log take in the server, counted by callgrind (the package valgrind)

  --quick   a tenth of the rows and fewer rounds: shows that it runs, not how fast it is
  --whole   consent: the whole million persons with a hundred million events; hours, and a hundred gigabytes
            audit: a million events to seal, hand out and verify, instead of half of them
  --bench   audit: who, only when it is named: asks who saw a person among ten million events; ten gigabytes;
            where, only when it is named: how much of a view's time is whose
  --from    judge (--check) or print (--page) the results of earlier runs instead of running
  --check   exit with 1 when a bar is missed
  --page    renew the sections of what was measured in docs/reference/performance.md, from full runs of all its benches only`

/** Sets of benches by what they measure; the context is the first and the default. */
const sets = ["context", "permissions", "audit", "consent", "adapters", "testing", "instructions"] as const

export type Set = (typeof sets)[number]

export function readArguments(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      json: { type: "string" },
      quick: { type: "boolean", default: false },
      whole: { type: "boolean", default: false },
      server: { type: "string", default: "18" },
      check: { type: "boolean", default: false },
      page: { type: "boolean", default: false },
      bench: { type: "string", default: "" },
      from: { type: "string", multiple: true, default: [] },
    },
  })
  const set = sets.find((one) => one === (values.only ?? "context"))
  if (set === undefined) throw new Error(`--only ${values.only}: there are ${sets.join(", ")}`)
  if (set !== "context" && values.from.length > 0)
    throw new Error("--from takes files, whatever they measured: leave --only out")
  if (values.page && (set === "permissions" || values.quick || values.bench !== ""))
    throw new Error("--page: a section is of a full run of all benches of a set; permissions have none")
  if (values.whole && ((set !== "consent" && set !== "audit") || values.quick))
    throw new Error("--whole is of --only consent or audit, and not quick")
  if (values.server !== "15" && values.server !== "18") throw new Error("--server is 15 or 18")
  return {
    set,
    quick: values.quick,
    whole: values.whole,
    server: values.server === "15" ? 15 : 18,
    json: values.json,
    from: values.from,
    check: values.check,
    page: values.page,
    benches: values.bench.split(",").filter((name) => name !== ""),
  }
}
