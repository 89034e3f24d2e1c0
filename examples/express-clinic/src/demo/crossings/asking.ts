import { errorText, type Outcome, refusalOf } from "../attempt.js"

/** Runs one attempt through the client or an ORM and keeps everything it gave back, errors with all their fields. */
export async function asking(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    const answer = await work()
    const rows = Array.isArray(answer) ? answer.length : undefined
    const note = rows === undefined || rows === 0 ? "0 rows" : `${rows} rows, nothing of another branch in them`
    return { seen: [JSON.stringify(answer) ?? ""], note }
  } catch (error) {
    return { seen: [errorText(error)], refusal: refusalOf(error) }
  }
}

/** As `asking`, for a statement that must not have changed a row. */
export async function changing(work: () => Promise<{ rows: unknown[]; rowCount: number | null }>): Promise<Outcome> {
  let touched = 0
  const outcome = await asking(async () => {
    const { rows, rowCount } = await work()
    touched = rowCount ?? 0
    return rows
  })
  return { ...outcome, touched }
}

/** As `asking`, for what gives no rows and is a way in all the same: whatever is not refused is a leak. */
export async function refusing(work: () => Promise<unknown>): Promise<Outcome> {
  const outcome = await asking(work)
  return outcome.refusal === undefined ? { ...outcome, betrayed: "it was accepted" } : outcome
}
