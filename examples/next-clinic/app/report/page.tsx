import { readFile } from "node:fs/promises"
import { notFound } from "next/navigation"
import { parseReport } from "wardkeep/conformance"
import { reportFile } from "@/clinic/report"
import { screen } from "@/clinic/screen"
import { Card, Empty, Facts, Tag } from "@/ui/parts"

export default screen(
  { place: "report", path: () => "/report", title: (words) => words.places.report },
  async ({ words }) => {
    const file = reportFile()
    if (file === undefined) notFound()
    const report = parseReport(await readFile(file, "utf8"))
    return (
      <>
        <p className="soft">{words.reportIntro}</p>
        <Card id="verdict">
          <Facts
            of={[
              [
                words.reportVerdict,
                <Tag key="verdict" of={report.verdict === "LEAK" ? "not_legitimate" : "done"}>
                  {report.verdict}
                </Tag>,
              ],
              [words.reportProbes, String(report.probes)],
              [words.reportFindings, String(report.findings.length)],
            ]}
          />
        </Card>
        <Card id="findings" title={words.reportFindings}>
          {report.findings.length === 0 && <Empty>{words.reportNoFindings}</Empty>}
          <ul className="rows" lang="en">
            {report.findings.map(({ check, severity, object, message }) => (
              <li key={`${check}-${object}-${message}`}>
                <div className="row-head">
                  <span className="strong">{object}</span>
                  <span className="end">
                    <Tag>{severity}</Tag>
                  </span>
                </div>
                <p>{message}</p>
              </li>
            ))}
          </ul>
        </Card>
        <Card id="open" title={words.reportNotCovered}>
          <ul className="rows" lang="en">
            {report.notCovered.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Card>
      </>
    )
  },
)
