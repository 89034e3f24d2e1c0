import { WardkeepError } from "@wardkeep/core"

/**
 * Seconds of a number of seconds or of an ISO 8601 duration of hours, minutes and seconds.
 *
 * @throws WK009 anything else
 * @example seconds("PT8H") // 28800
 */
export function seconds(duration: number | string): number {
  if (typeof duration === "number" && Number.isFinite(duration) && duration > 0) return duration
  const match = typeof duration === "string" ? /^PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(duration) : null
  if (match === null) throw new WardkeepError("WK009", { message: "write a duration as seconds or such as PT8H" })
  const [, hours = "0", minutes = "0", secs = "0"] = match
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(secs)
}
