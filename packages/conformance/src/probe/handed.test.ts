import { expect, test } from "vitest"
import { isHanded, isPass } from "./handed.js"

test("a setting that is called a pass is one, unless the application says by it who is at work", () => {
  expect(["app.visit_pass", "app.share_link", "clinic.result_code", "app.receipt_no"].filter(isPass)).toHaveLength(4)
  const said = ["app.user_code", "app.session_token", "app.doctor_code", "app.bypass_rls", "app.password", "app.branch"]
  expect(said.filter(isPass)).toEqual([])
})

test("a share link is handed to one person, and a patient's name or number to everybody who treats them", () => {
  expect(["code", "share_token", "otp", "link_hash", "access_code", "pin"].filter(isHanded)).toHaveLength(6)
  expect(["name", "mrn", "path", "patient_code", "icd_code", "spine", "barcode", "opinion"].filter(isHanded)).toEqual(
    [],
  )
})
