/** Ids of one branch, for addresses and bodies. */
export interface Ids {
  readonly all: readonly string[]
  of(kind: string): string
  fill(path: string): string
}

/** A body that works with ids of one's own; the attempt sends the same with ids of others. */
export const bodies: Readonly<Record<string, (ids: Ids) => unknown>> = {
  "POST /branch": (ids) => ({ branch: ids.of("branch") }),
  "PATCH /patients/:id": () => ({ address: "moved" }),
  "POST /appointments": (ids) => ({
    patient_id: ids.of("patients"),
    starts_at: "2026-01-05T10:00:00Z",
    reason: "x",
  }),
  "PATCH /appointments/:id": () => ({ status: "arrived" }),
  "POST /patients/:id/notes": () => ({ diagnosis: "x", body: "x" }),
  "PATCH /notes/:id": () => ({ body: "changed" }),
  "POST /notes/:id/attachments": () => ({ file_name: "x.jpg", media_type: "image/jpeg", bytes: 1 }),
  "POST /patients/:id/prescriptions": () => ({ drug_id: 1, dose: "1-0-1", days: 3 }),
  "PATCH /prescriptions/:id": () => ({ days: 5 }),
  "POST /patients/:id/lab-results": () => ({ test: "x", value: 1, unit: "x" }),
  "POST /patients/:id/invoices": (ids) => ({ number: `X-${ids.of("patients").slice(0, 6).toUpperCase()}`, amount: 1 }),
  "POST /team/:id/withdraw": () => ({ reason: "x" }),
  "POST /emergencies/:id/review": () => ({ verdict: "justified", note: "x" }),
  "POST /patients/:id/referrals": (ids) => ({
    to: ids.of("branch"),
    records: ["patient"],
    until: new Date(Date.now() + 3_600_000).toISOString(),
    basis: "second_opinion",
  }),
  "POST /referrals/:id/withdraw": () => ({ reason: "x" }),
  "POST /patients/:id/move": (ids) => ({ from: ids.of("branch"), to: ids.of("branch"), reason: "x" }),
  "PATCH /invoices/:id": () => ({ status: "due" }),
}
