import { createHash } from "node:crypto"
import type { InContext } from "@wardkeep/postgres/client"
import { z } from "zod"

const proof = z.strictObject({
  wardkeep: z.literal("consent-proof"),
  version: z.literal(1),
  subject: z.string(),
  /** The decision, the notice that was served before it, and who acted for the person, each as the audit log holds it. */
  events: z
    .array(z.strictObject({ part: z.enum(["decision", "served", "representation"]), id: z.string(), said: z.string() }))
    .min(1),
  /** The words that were served; null where the decision needs no notice. */
  notice: z
    .strictObject({
      code: z.string(),
      version: z.number(),
      language: z.string(),
      direction: z.string(),
      status: z.string(),
      body: z.string(),
    })
    .nullable(),
})

/** One decision and what it rests on, for somebody who trusts nobody. It is worth something beside a bundle of the audit log. */
export type ConsentProof = Readonly<z.infer<typeof proof>>

interface Row {
  readonly part: "decision" | "served" | "representation"
  readonly id: string
  readonly subject: string
  readonly said: string
  readonly notice_code: string | null
  readonly notice_version: number
  readonly language: string
  readonly direction: string
  readonly status: string
  readonly body: string
}

/**
 * Section 6(10) of the DPDP Act: the fiduciary proves that notice was given and consent obtained.
 *
 * @param of.event the id of a decision, from `history` or `decide`
 * @throws WK503 no such decision of this person here · WK1xx
 * @example await writeFile("proof.json", JSON.stringify(await wk.run(session, () => proveConsent(wk, { subject, event }))))
 */
export async function proveConsent(
  q: InContext,
  of: { readonly subject: string; readonly event: string },
): Promise<ConsentProof> {
  const { rows } = await q.query<Row>("select * from wardkeep_consent.prove($1, $2)", [of.subject, of.event])
  const told = rows.find((row) => row.part === "decision" && row.notice_code !== null)
  return {
    wardkeep: "consent-proof",
    version: 1,
    // As the log spells it, whatever the caller wrote.
    subject: rows[0]?.subject ?? of.subject,
    events: rows.map(({ part, id, said }) => ({ part, id, said })),
    notice:
      told === undefined
        ? null
        : {
            code: told.notice_code ?? "",
            version: told.notice_version,
            language: told.language,
            direction: told.direction,
            status: told.status,
            body: told.body,
          },
  }
}

/**
 * What does not fit between a proof and a bundle of the audit log. Verify the bundle first, with a key and an anchor that came
 * another way: this compares, and trusts what the bundle says.
 *
 * @param document the parsed proof, from anybody
 * @param bundle the bytes of the bundle, in pieces of any size
 * @returns one sentence per fault; empty where each event is in the log as the proof tells it, and the notice has the hash
 *   that the events name
 * @example const faults = await proofFaults(JSON.parse(text), createReadStream("patient.wkbundle"))
 */
export async function proofFaults(document: unknown, bundle: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const read = proof.safeParse(document)
  if (!read.success) return ["this is not a proof of consent that can be read"]
  const { events, subject, notice } = read.data
  const faults: string[] = []
  const logged = await loggedConsent(bundle, new Set(events.map(({ id }) => id)))
  for (const { part, id, said } of events) {
    const found = logged.get(id)
    if (found === undefined) faults.push(`the audit log has no ${part} of this id`)
    else if (found.said !== said) faults.push(`the audit log tells the ${part} otherwise`)
    else if (found.subject !== subject) faults.push(`the ${part} is about somebody else`)
  }
  const [decision, served] = ["decision", "served"].map((part) => parsed(events.find((e) => e.part === part)?.said))
  if (decision === undefined) faults.push("there is no decision")
  if (decision?.notice === undefined) return faults
  if (notice === null || served === undefined) return [...faults, "the notice, or that it was served, is missing"]
  const sha256 = createHash("sha256").update(notice.body, "utf8").digest("hex")
  for (const [what, event] of Object.entries({ decision, serving: served }))
    if (
      event.noticeSha256 !== sha256 ||
      event.notice !== `${notice.code} ${notice.version}` ||
      event.language !== notice.language
    )
      faults.push(`the ${what} is about another notice than the one shown`)
  if (!(String(served.at) < String(decision.at))) faults.push("the notice was not served before the decision")
  return faults
}

function parsed(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "")
    return typeof value === "object" && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const entry = z.object({
  event: z.object({
    verb: z.literal("consent"),
    relation: z.literal("wardkeep_consent.event"),
    record: z.object({ value: z.string() }),
    subject: z.object({ value: z.string() }),
    detail: z.object({ value: z.string() }),
  }),
})

async function loggedConsent(
  bundle: AsyncIterable<Uint8Array>,
  ids: ReadonlySet<string>,
): Promise<Map<string, { subject: string; said: string }>> {
  const found = new Map<string, { subject: string; said: string }>()
  const decoder = new TextDecoder()
  let rest = ""
  const take = (line: string): void => {
    const read = entry.safeParse(parsed(line))
    if (!read.success || !ids.has(read.data.event.record.value)) return
    const { record, subject, detail } = read.data.event
    found.set(record.value, { subject: subject.value, said: detail.value })
  }
  for await (const piece of bundle) {
    const lines = `${rest}${decoder.decode(piece, { stream: true })}`.split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) take(line)
  }
  take(rest)
  return found
}
