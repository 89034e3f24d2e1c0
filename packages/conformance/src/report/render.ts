import { WardkeepError } from "@wardkeep/core"
import { htmlReport } from "./html.js"
import { junitReport } from "./junit.js"
import { markdownReport } from "./markdown.js"
import { type PrettyOptions, prettyReport } from "./pretty.js"
import type { Report } from "./report.js"
import { type SarifOptions, sarifReport } from "./sarif.js"

export const reportFormats = ["pretty", "json", "junit", "sarif", "markdown", "html"] as const
export type ReportFormat = (typeof reportFormats)[number]

export interface RenderOptions extends PrettyOptions, SarifOptions {}

/**
 * One report in one format, ending with a line break. Every name and message in it comes from a system under attack, so
 * every format escapes what it would otherwise act on.
 *
 * @example await writeFile("report.html", render(report, "html"))
 */
export function render(report: Report, format: ReportFormat, options: RenderOptions = {}): string {
  switch (format) {
    case "pretty":
      return prettyReport(report, options)
    case "json":
      return `${JSON.stringify(report, null, 2)}\n`
    case "junit":
      return junitReport(report)
    case "sarif":
      return sarifReport(report, options)
    case "markdown":
      return markdownReport(report)
    case "html":
      return htmlReport(report)
  }
}

/**
 * A format by its name.
 *
 * @throws WK009 no such format
 */
export function reportFormat(name: string): ReportFormat {
  const format = reportFormats.find((one) => one === name)
  if (format === undefined) {
    throw new WardkeepError("WK009", { message: `there is no format ${name}: choose ${reportFormats.join(", ")}` })
  }
  return format
}
