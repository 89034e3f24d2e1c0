import { createHash } from "node:crypto"
import { escapeMarkup, type Policy, WardkeepError } from "@wardkeep/core"
import { inTenant, type Queryable } from "@wardkeep/postgres/migrate"

export interface PackOptions {
  /** A dedicated connection of the migrator's login. */
  readonly client: Queryable
  readonly policy: Policy
  readonly tenant: string
  /** A decided request for access. */
  readonly request: string
  /** Who looked, as the audit log tells it, or that there is none. Left out, the answer says that nobody asked. */
  readonly seen?: readonly Look[] | "no-audit-log"
}

/** One time that rows about the person were shown; `whoSaw` of `@wardkeep/audit` returns them. */
export interface Look {
  readonly at: string
  readonly actor: string
  readonly purpose: string
}

/** The answer to a request for access: section 11 of the DPDP Act. */
export interface AnswerPack {
  readonly wardkeep: "answer-pack"
  readonly version: 1
  readonly request: string
  readonly madeAt: string
  /** What the person is told, and who answers questions. */
  readonly words: string
  readonly contact: string
  /** Rows by table, as the database holds them. */
  readonly held: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  /** For what, and on which basis; what waits for consent stands where the person left it. */
  readonly purposes: readonly { readonly purpose: string; readonly basis: string; readonly now: string | null }[]
  readonly sharedWith: readonly unknown[]
  readonly seen: readonly Look[] | "no-audit-log" | "not-asked"
  readonly consent: readonly unknown[]
}

interface Read {
  readonly words: string
  readonly contact: string
  readonly held: AnswerPack["held"]
  readonly standing: Readonly<Record<string, string>> | null
  readonly shared: readonly unknown[] | null
  readonly consent: readonly unknown[] | null
}

/** The key of the person is read here and goes nowhere else. */
const readPack = `
select d.detail ->> 'words' as words, d.detail ->> 'contact' as contact,
  wardkeep_consent.held_rows(o.tenant, o.here, o.subject) as held,
  (select jsonb_object_agg(s.of_purpose, case when s.objected then 'objected' else s.consent end) from wardkeep_consent.standing s
    where s.tenant = o.tenant and s.branch = o.here and s.subject = o.subject) as standing,
  (select jsonb_agg(v.detail || jsonb_build_object('at', v.at) order by v.at) from wardkeep_consent.right_of_person v
    where v.tenant = o.tenant and v.here = o.here and v.subject = o.subject and v.kind = 'disclosed') as shared,
  (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('at', e.at, 'kind', e.kind, 'purpose', e.of_purpose, 'language', e.language,
      'channel', e.channel, 'by', e.given_by, 'notice', (select n.code || ' ' || n.version from wardkeep_consent.notice n where n.id = e.notice)))
      order by e.at) from wardkeep_consent.of_person e
    where e.tenant = o.tenant and e.here = o.here and e.subject = o.subject) as consent
from wardkeep_consent.right_of_person o
join wardkeep_consent.rights_event d on d.request = o.id and d.kind = 'decided' and d.detail ->> 'outcome' <> 'refused'
where o.id = $1 and o.kind = 'opened' and o.asked = 'access' and o.tenant = $2`

/**
 * Everything an answer to a request for access says: what is held, for what, with whom it was shared, who saw it. Hand it over
 * as {@link packAsHtml}, keep the hash with `answerRequest`. The reading is recorded with the owner's other work.
 *
 * @throws WK560 no request for access of this clinic that was granted · WK307
 * @example const pack = await answerPack({ client, policy, tenant, request })
 */
export async function answerPack(options: PackOptions): Promise<AnswerPack> {
  const { client, policy, tenant, request, seen } = options
  const read = await inTenant(client, policy, tenant, `answer to ${request}`, async (q) => {
    return (await q.query<Read>(readPack, [request, tenant])).rows[0]
  })
  if (read === undefined)
    throw new WardkeepError("WK560", { message: "this clinic has no request for access that was decided so" })
  return {
    wardkeep: "answer-pack",
    version: 1,
    request,
    madeAt: new Date().toISOString(),
    words: read.words,
    contact: read.contact,
    held: read.held,
    purposes: [...policy.purposes].map(([purpose, { basis }]) => ({
      purpose,
      basis,
      now: read.standing?.[purpose] ?? null,
    })),
    sharedWith: read.shared ?? [],
    seen: seen ?? "not-asked",
    consent: read.consent ?? [],
  }
}

/** Wide tables break in words, rows stay together on paper. */
const style = `body{font:1rem/1.5 sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{border:1px solid;padding:.25rem .5rem;text-align:start;vertical-align:top;overflow-wrap:anywhere}
@media print{body{margin:0;max-width:none;font-size:10pt}tr{break-inside:avoid}thead{display:table-header-group}h2{break-after:avoid}}`

/** The pack for machines: the document that {@link packAsHtml} names by its hash. */
export function packAsJson(pack: AnswerPack): string {
  return `${JSON.stringify(pack, null, 2)}\n`
}

/**
 * The pack for reading and for paper: one file, without scripts or anything fetched. It ends with the SHA-256 of
 * {@link packAsJson}, so that keeping the hash of this page keeps both.
 */
export function packAsHtml(pack: AnswerPack): string {
  const sections = [
    `<h1>What we hold about you</h1><p>${escapeMarkup(pack.words)}</p><p>Questions: ${escapeMarkup(pack.contact)}</p><p>Made on ${escapeMarkup(pack.madeAt)}, in answer to request ${escapeMarkup(pack.request)}.</p>`,
    section("For what", pack.purposes),
    section("With whom it was shared", pack.sharedWith),
    seenSection(pack.seen),
    section("What you were told and what you decided", pack.consent),
    ...Object.entries(pack.held).map(([table, rows]) => section(`Held in ${table}`, rows)),
    `<p>The same for machines is a file with the SHA-256 ${createHash("sha256").update(packAsJson(pack)).digest("hex")}.</p>`,
  ]
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Answer ${escapeMarkup(pack.request)}</title><style>${style}</style><main>${sections.join("\n")}</main></html>\n`
}

function seenSection(seen: AnswerPack["seen"]): string {
  if (seen === "no-audit-log") return "<h2>Who saw it</h2><p>This clinic keeps no record of who looked.</p>"
  if (seen === "not-asked")
    return "<h2>Who saw it</h2><p>This answer does not say. Ask for it at the contact above.</p>"
  const looks = seen.map(({ at, actor, purpose }) => ({ at, actor, purpose }))
  return section("Who saw it, as far as the record names you", looks)
}

function section(title: string, rows: readonly unknown[]): string {
  const head = `<h2>${escapeMarkup(title)}</h2>`
  if (rows.length === 0) return `${head}<p>Nothing.</p>`
  const records = rows.map((row) => Object.entries(typeof row === "object" && row !== null ? row : { value: row }))
  const columns = [...new Set(records.flatMap((record) => record.map(([column]) => column)))]
  const cells = (record: readonly [string, unknown][]): string => {
    const values = new Map(record)
    return columns.map((column) => `<td>${escapeMarkup(shown(values.get(column)))}</td>`).join("")
  }
  const heads = columns.map((column) => `<th scope="col">${escapeMarkup(column)}</th>`).join("")
  const body = records.map((record) => `<tr>${cells(record)}</tr>`).join("\n")
  return `${head}<table><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table>`
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return ""
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}
