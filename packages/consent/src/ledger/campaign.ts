import type { InContext } from "@wardkeep/postgres/client"

export interface Campaign {
  /** The version of the notice that everybody is told. */
  readonly notice: string
  /** A name of yours; its events bear it. */
  readonly campaign: string
}

/** A person who was not told yet. */
export interface Unreached {
  readonly branch: string
  readonly subject: string
  /** How often the campaign failed to reach the person. */
  readonly tried: number
}

/** What became of one message, letter or word at the desk. */
export type Delivery = { readonly subject: string; readonly language: string; readonly channel: string } & (
  | { readonly evidence: string }
  | { readonly undelivered: string }
)

/**
 * People in the branches of the context whom nobody gave this version of the notice, in order of branch and key: for those
 * who consented before the DPDP Act, section 5(2). Who has it already is not named, so a run that broke off goes on by itself.
 *
 * @param page.most at most so many, up to 10,000; default 500
 * @throws WK503 no such notice, or a confined context · WK1xx
 * @example const people = await unreached(wk, { notice, campaign: "2027" }, { most: 500 })
 */
export async function unreached(
  q: InContext,
  { notice, campaign }: Campaign,
  page: { readonly after?: Pick<Unreached, "branch" | "subject">; readonly most?: number } = {},
): Promise<readonly Unreached[]> {
  const { after, most = 500 } = page
  const values = [notice, campaign, after?.branch ?? null, after?.subject ?? null, most]
  return (await q.query<Unreached>("select * from wardkeep_consent.unreached($1, $2, $3, $4, $5)", values)).rows
}

/**
 * Records what became of a batch, all or none: the notice served as an event of each person, or that it did not arrive and
 * why. Who was told meanwhile is passed over, so a batch may be recorded twice.
 *
 * @returns how many events were written
 * @throws WK503 no such person, notice or language, a machine translation, or no evidence; nothing is recorded then · WK009 · WK1xx
 * @example await recordDeliveries(wk, { notice, campaign: "2027" }, [{ subject, language: "ta", channel: "letter", evidence: "list 4" }])
 */
export async function recordDeliveries(
  q: InContext,
  { notice, campaign }: Campaign,
  deliveries: readonly Delivery[],
): Promise<number> {
  const { rows } = await q.query<{ n: number }>("select wardkeep_consent.deliver($1, $2, $3) as n", [
    notice,
    campaign,
    JSON.stringify(deliveries),
  ])
  return rows[0]?.n ?? 0
}

/**
 * Whom a campaign reached, by channel and language.
 *
 * @throws WK1xx
 * @example const reached = (await campaignReport(wk, { notice, campaign: "2027" })).reduce((n, { served }) => n + served, 0)
 */
export async function campaignReport(
  q: InContext,
  { notice, campaign }: Campaign,
): Promise<
  readonly {
    readonly channel: string
    readonly language: string
    readonly served: number
    readonly undelivered: number
  }[]
> {
  const sql = "select * from wardkeep_consent.campaign($1, $2)"
  return (
    await q.query<{ channel: string; language: string; served: number; undelivered: number }>(sql, [notice, campaign])
  ).rows
}
