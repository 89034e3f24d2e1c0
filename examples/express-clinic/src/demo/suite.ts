import type { SessionGrant } from "wardkeep"
import { type Report, verify } from "wardkeep/conformance"
import { onlyGrant, type Stage } from "./stage.js"

const ofBranch = [
  "patient",
  "patient_word",
  "appointment",
  "prescription",
  "clinical_note",
  "attachment",
  "lab_result",
  "lab_file",
  "invoice",
]

/** The conformance suite as somebody would run it who has never heard of Wardkeep: two logins' worth of context, and SQL. */
export async function underSuite(stage: Stage, progress: (what: string) => void): Promise<Report> {
  const [home, elsewhere] = [
    onlyGrant(await stage.sessionOf("doctor")),
    onlyGrant(await stage.sessionOf("doctorElsewhere")),
  ]
  let last = ""
  return await verify({
    databaseUrl: stage.server.superuserUrl,
    appUrl: stage.appUrl,
    mode: "probe",
    target: {
      tenants: [tenant("A", home), tenant("B", elsewhere)],
      tenantColumns: {
        ...Object.fromEntries(ofBranch.map((table) => [`public.${table}`, "branch_id"])),
        "public.staff": "clinic_id",
        "public.branch": "clinic_id",
        "public.clinic": "id",
      },
      schemas: ["public"],
      global: ["public.drug"],
    },
    onProgress: ({ check, title }) => {
      if (check !== last) progress(`${check} ${title}`)
      last = check
    },
  })
}

const tenant = (name: string, grant: SessionGrant) => ({
  name,
  key: [...grant.branches, grant.tenant],
  connect: { role: grant.dbRole, settings: { "wardkeep.token": grant.token } },
})
