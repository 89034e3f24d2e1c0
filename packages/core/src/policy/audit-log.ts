import { z } from "zod"

/** A year, for which the DPDP Rules, 2025, rule 6(1)(e), keep logs from 13 May 2027 on, and a month to notice in. */
const keptByDefault = "P13M"

const wholeMonths = z
  .string()
  .regex(/^P(?=\d)(\d{1,3}Y)?(\d{1,4}M)?$/, "write an ISO 8601 duration of years and months, such as P13M or P3Y")
  .refine((text) => monthsOf(text) >= 12, {
    error:
      "keep the log for a year at least, P1Y: DPDP Rules, 2025, rule 6(1)(e); 180 days are asked for today by the CERT-In Directions of 28 April 2022, direction (iv)",
  })

export const auditLogSchema = z
  .strictObject({ keep: wholeMonths.default(keptByDefault) })
  .default({ keep: keptByDefault })

/** How many months a duration of whole years and months has. */
export function monthsOf(text: string): number {
  const [, years = "0", months = "0"] = /^P(?:(\d+)Y)?(?:(\d+)M)?$/.exec(text) ?? []
  return Number(years) * 12 + Number(months)
}
