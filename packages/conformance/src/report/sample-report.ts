import type { Report, ReportFinding } from "./report.js"

/** Reports for the tests of this folder; nothing that is shipped imports it. */

export const leak: ReportFinding = {
  check: "WKC014",
  verdict: "LEAK",
  severity: "leak",
  object: "public.lab_result",
  message: "Whoever works for Velachery can read the laboratory results of Anna Nagar.",
  evidence: "canary wkc_7f3a19 of tenant A came back in column result to tenant B (sha256 9b1c04ee)",
  replay: "begin;\nset local app.branch = '2';\nselect result from public.lab_result where branch_id = 1;\nrollback;",
  fix: "alter table public.lab_result enable row level security;\nalter table public.lab_result force row level security;",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
}

export const oracle: ReportFinding = {
  check: "WKC051",
  verdict: "LEAK",
  severity: "oracle",
  object: "public.patient.mrn",
  message: "A branch can find out whether a record number is in use at another branch.",
  evidence: "insert of a number that only tenant A has failed with 23505 for tenant B, and of a free one did not",
  replay: "insert into public.patient (branch_id, mrn) values (2, 'MRN-0001');",
  fix: "alter table public.patient drop constraint patient_mrn_key;\nalter table public.patient add unique (branch_id, mrn);",
  cwe: "CWE-203",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N",
}

export const weakness: ReportFinding = {
  check: "WKC090",
  verdict: "LEAK",
  severity: "hygiene",
  object: "role clinic_app",
  message: "The application's login may create temporary tables, which can stand in for real ones.",
  evidence: "has_database_privilege(current_user, current_database(), 'TEMP') is true",
  replay: "create temporary table patient (id int);",
  fix: "revoke temporary on database clinic from public;",
  cwe: "CWE-269",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:L/I:L/A:N",
}

export const clean: Report = {
  tool: { name: "wardkeep", version: "0.4.0" },
  mode: "probe",
  verdict: "NOT_FOUND",
  startedAt: "2026-11-26T21:25:00.000Z",
  seconds: 12.345,
  server: "18.4",
  probes: 214,
  checks: [
    {
      check: "WKC001",
      title: "The application's login is an ordinary login",
      verdict: "NOT_FOUND",
      probes: 6,
      controls: 2,
    },
    {
      check: "WKC014",
      title: "Reading another tenant's rows, 12 kinds of statement",
      verdict: "NOT_FOUND",
      probes: 168,
      controls: 14,
    },
    {
      check: "WKC051",
      title: "Unique keys that tell about other tenants",
      verdict: "NOT_FOUND",
      probes: 40,
      controls: 8,
    },
    {
      check: "WKC060",
      title: "Rows that refer to another tenant's rows",
      verdict: "INCONCLUSIVE",
      probes: 0,
      controls: 0,
      reason: "no login is exempt from row security; grant BYPASSRLS to a reader and name it in the target",
    },
    {
      check: "WKC070",
      title: "Publications and replication slots",
      verdict: "NOT_APPLICABLE",
      probes: 0,
      controls: 0,
      reason: "wal_level is replica",
    },
  ],
  findings: [],
  notCovered: [
    "Backups and replicas hold the rows of every tenant; they were not looked at.",
    "How long an answer takes was measured and not judged.",
  ],
}

const found = new Set(["WKC014", "WKC051"])

export const leaking: Report = {
  ...clean,
  verdict: "LEAK",
  checks: clean.checks.map((one) => (found.has(one.check) ? { ...one, verdict: "LEAK" } : one)),
  findings: [weakness, oracle, leak],
}
