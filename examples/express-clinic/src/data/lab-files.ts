import type { Row } from "./care.js"
import type { Branch } from "./clinics.js"
import { seededRandom } from "./random.js"

/** A report beside every fourth result of a branch. Its random source is its own: the same seed gives the same patients as ever. */
export function makeLabFiles(seed: number, branches: readonly Branch[], results: readonly Row[]): Row[] {
  const random = seededRandom(seed + 1)
  return branches.flatMap(({ id: branch, canary }) =>
    results
      .filter(({ branch_id }) => branch_id === branch)
      .filter((_, index) => index % 4 === 0)
      .map(({ clinic_id = null, branch_id = null, patient_id = null, test, value, unit, taken_at = null }) => ({
        clinic_id,
        branch_id,
        id: random.uuid(),
        patient_id,
        author: "laboratory",
        file_name: `${canary}-report.pdf`,
        media_type: "application/pdf",
        // How PostgreSQL reads bytes in a text.
        content: `\\x${pdf(`${test}: ${value} ${unit} [${canary}]`).toString("hex")}`,
        created_at: taken_at,
      })),
  )
}

/** One page with one line, which every reader of PDF opens. */
function pdf(line: string): Buffer {
  const drawn = `BT /F1 14 Tf 72 760 Td (${line}) Tj ET`
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${drawn.length}>>stream\n${drawn}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ]
  let text = "%PDF-1.4\n"
  const places = objects.map((object, index) => {
    const at = text.length
    text += `${index + 1} 0 obj${object}endobj\n`
    return `${String(at).padStart(10, "0")} 00000 n \n`
  })
  const size = objects.length + 1
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${places.join("")}`
  return Buffer.from(`${text}${table}trailer<</Size ${size}/Root 1 0 R>>\nstartxref\n${text.length}\n%%EOF\n`, "latin1")
}
