import { WardkeepError } from "@wardkeep/core"

// India has one offset and no summer time: IST, UTC+05:30.
const offset = 5.5 * 3_600_000

/** The day in India, `YYYY-MM-DD`, at an instant. */
export function dayInIndia(at: Date): string {
  return new Date(at.getTime() + offset).toISOString().slice(0, 10)
}

/**
 * A day as it is written: `2027-05-13`.
 *
 * @throws WK009 not a day of the calendar
 */
export function day(text: string): string {
  const read = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN)
  if (Number.isNaN(read.getTime()) || read.toISOString().slice(0, 10) !== text)
    throw new WardkeepError("WK009", {
      message: "that is not a day of the calendar",
      hint: "Write year, month and day, such as 2027-05-13.",
    })
  return text
}

/**
 * An instant and a length such as `PT72H`, `P90D`, `P1M` or `P3Y` later. Hours and days have their fixed length; months and
 * years are those of the calendar in India, and the 31st becomes the last day of a shorter month.
 *
 * @throws WK009 not such a length
 */
export function later(at: Date, length: string): Date {
  const { count, unit } = parts(length)
  if (unit === "H") return new Date(at.getTime() + count * 3_600_000)
  if (unit === "D") return new Date(at.getTime() + count * 86_400_000)
  const months = unit === "Y" ? count * 12 : count
  const local = new Date(at.getTime() + offset)
  const target = new Date(local)
  target.setUTCDate(1)
  target.setUTCMonth(target.getUTCMonth() + months)
  const last = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate()
  target.setUTCDate(Math.min(local.getUTCDate(), last))
  return new Date(target.getTime() - offset)
}

/** `PT72H` as `72 hours`. */
export function inWords(length: string): string {
  const { count, unit } = parts(length)
  const name = { H: "hour", D: "day", M: "month", Y: "year" }[unit]
  return `${count} ${name}${count === 1 ? "" : "s"}`
}

function parts(length: string): { count: number; unit: "H" | "D" | "M" | "Y" } {
  const [, hours, number, unit] = /^P(?:T(\d+)H|(\d+)([YMD]))$/.exec(length) ?? []
  if (hours !== undefined) return { count: Number(hours), unit: "H" }
  if (unit === "Y" || unit === "M" || unit === "D") return { count: Number(number), unit }
  throw new WardkeepError("WK009", {
    message: "that is not a length of time",
    hint: "Write one unit, such as P3Y, P72M, P90D or PT72H.",
  })
}

/** Days of a length, about: for putting lengths in order, never for a deadline. */
export function aboutDays(length: string): number {
  return later(new Date(0), length).getTime() / 86_400_000
}
