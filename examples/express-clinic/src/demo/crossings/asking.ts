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
