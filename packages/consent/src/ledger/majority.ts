import { day, later } from "../law/calendar.js"

/**
 * The first moment at which somebody born on a day is no child: the start of the eighteenth birthday in India. Who was born on
 * 29 February reaches it on the 28th in a year without a 29th. The DPDP Act, section 2(f), says eighteen years; that the
 * birthday counts from its first moment was not looked up.
 *
 * @param born `YYYY-MM-DD`
 * @throws WK009 not a day of the calendar
 * @example adultFrom("2009-03-01").toISOString() // 2027-02-28T18:30:00.000Z
 */
export function adultFrom(born: string): Date {
  return later(new Date(`${day(born)}T00:00:00+05:30`), "P18Y")
}
