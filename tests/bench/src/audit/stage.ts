import { type Client, openClient } from "../client.ts"
import { samplePatients } from "../context/stage.ts"
import { connected, type Measured, prepare, type Session } from "../data/prepare.ts"
import { quickSize } from "../data/schema.ts"
import { Placement } from "../machine.ts"
import type { Patient } from "../peers/peer.ts"
import { type BenchOptions, type BenchResult, interleave, type Variant } from "../rounds.ts"

/** Two databases with the same rows behind the same fences: one whose log records, and one that has none. */
export interface AuditStage {
  readonly audited: Measured
  readonly bare: Measured
  readonly adminUrl: string
  readonly bareAdminUrl: string
  readonly placement: Placement
  readonly quick: boolean
  readonly whole: boolean
  readonly patients: readonly Patient[]
  readonly report: (text: string) => void
}

export async function prepareStage(
  server: { readonly url: string; readonly pid: number },
  { quick, whole, report }: Pick<AuditStage, "quick" | "whole" | "report">,
): Promise<AuditStage> {
  const at = (name: string): string => {
    const url = new URL(server.url)
    url.pathname = `/${name}`
    return url.href
  }
  for (const name of ["bare", "audited"])
    await connected(server.url, (client) => client.query(`create database ${name}`))
  const bare = await prepare(at("bare"), quickSize, { accelerated: false, deployment: "bare" })
  const audited = await prepare(at("audited"), quickSize, { accelerated: false, deployment: "audited", audited: true })
  await connected(at("bare"), (client) =>
    client.query(`grant update on patient to ${bare.raw.user};
grant insert on visit to ${bare.raw.user};
create table access_log (id bigint generated always as identity primary key, at timestamptz not null default now(),
  clinic uuid, branch uuid, actor text, relation text, subject uuid, n integer);
create index on access_log (subject, at);
grant insert on access_log to ${bare.raw.user}`),
  )
  const patients = await connected(at("bare"), (client) => samplePatients(client, bare, 4000))
  return {
    bare,
    audited,
    adminUrl: at("audited"),
    bareAdminUrl: at("bare"),
    placement: new Placement(server.pid),
    quick,
    whole,
    patients,
    report,
  }
}

export const contextIn = ({ contexts }: Measured, { clinicNumber, branchNumber }: Patient): Session =>
  contexts.one(clinicNumber, branchNumber)

/** The same client for both, apart from what it records. */
export async function bothClients(
  { audited, bare }: AuditStage,
  connections: number,
  through: (url: string) => string = (url) => url,
): Promise<readonly [Client, Client]> {
  const unaudited = await openClient(bare.policy, through(bare.url(bare.app)), { connections })
  const recording = await openClient(audited.policy, through(audited.url(audited.app)), { connections, views: true })
  return [unaudited, recording]
}

export async function measure(
  stage: Pick<AuditStage, "placement" | "quick" | "report">,
  name: string,
  variants: readonly Variant[],
  options: BenchOptions,
): Promise<BenchResult> {
  const placement = (options.concurrency ?? 1) > 1 ? stage.placement.anyCore() : stage.placement.oneCore()
  const rounds = stage.quick ? Math.max(5, Math.round(options.rounds / 3)) : options.rounds
  const result = await interleave(name, variants, { ...options, rounds, placement })
  const lines = Object.entries(result.microseconds).map(([variant, time]) => {
    const ratio = result.ours[variant] ?? result.peers[variant] ?? result.notes[variant] ?? 1
    const [low, high] = result.iqr[variant] ?? [1, 1]
    return `  ${ratio.toFixed(2).padStart(7)}  (${low.toFixed(2)}-${high.toFixed(2)})  ${time.toFixed(1).padStart(9)} us  ${variant}`
  })
  stage.report([`\n${name} — ${rounds} rounds of ${options.operations}, ${placement}`, ...lines].join("\n"))
  return result
}
