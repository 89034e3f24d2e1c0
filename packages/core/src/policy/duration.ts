import { z } from "zod"

export const duration = z
  .string()
  .regex(/^PT(?=\d)(\d+H)?(\d+M)?(\d+S)?$/, "write an ISO 8601 duration of hours, minutes and seconds, such as PT12H")

/** Days and weeks too, of exactly 24 hours: a window over a change to summer time keeps its length. */
export const windowDuration = z
  .string()
  .regex(
    /^P(?=\d|T\d)(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/,
    "write an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as P7D or PT12H",
  )

/**
 * Seconds of a duration that the policy file accepts; a day has 24 hours.
 *
 * @example durationSeconds("P1DT12H") // 129600
 */
export function durationSeconds(text: string): number {
  const [, weeks = "0", days = "0", , hours = "0", minutes = "0", seconds = "0"] =
    /^P(?:(\d+)W)?(?:(\d+)D)?(T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text) ?? []
  return Number(weeks) * 604_800 + Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}
