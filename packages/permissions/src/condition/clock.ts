import type { Hours } from "@wardkeep/core"

const names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const
const minutesOfDay = 1440

/** Minutes from midnight at which the hours begin, and for how long they last. Both layers compute with these. */
export function spanOf(hours: Hours): { readonly begins: number; readonly lasts: number } {
  const begins = minutes(hours.from ?? "00:00")
  const lasts = (minutes(hours.to ?? "00:00") - begins + minutesOfDay) % minutesOfDay
  return { begins, lasts: lasts === 0 ? minutesOfDay : lasts }
}

/** True when the clock of the zone shows one of the days and a time inside the hours. */
export function isWithinHours(hours: Hours, now: Date): boolean {
  if (Number.isNaN(now.getTime())) return false
  const { begins, lasts } = spanOf(hours)
  // Counted from the beginning of the shift, so that 02:00 of a night shift still belongs to the day before.
  const shifted = new Date(wallClock(hours.zone, now) - begins * 60_000)
  const passed = shifted.getUTCHours() * 60 + shifted.getUTCMinutes()
  const day = names[shifted.getUTCDay()]
  return passed < lasts && (hours.days === undefined || (day !== undefined && hours.days.includes(day)))
}

/** ISO numbers of the days, Monday is 1. */
export function isoDays(days: NonNullable<Hours["days"]>): number[] {
  return days.map((day) => names.indexOf(day) || 7).sort((a, b) => a - b)
}

/** What the clock on the wall shows, as if it were UTC. */
function wallClock(zone: string, now: Date): number {
  const part = new Map(
    formatterOf(zone)
      .formatToParts(now)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const of = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? Number.NaN
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"))
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  })
  formatters.set(zone, made)
  return made
}

function minutes(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))
}
