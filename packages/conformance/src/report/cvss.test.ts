import fc from "fast-check"
import { expect, test } from "vitest"
import { cvssScore } from "./cvss.js"

/** Vectors and scores published by FIRST: https://www.first.org/cvss/v3-1/examples and its 3.0 page (same base formula). */
const published: readonly [string, string, number][] = [
  ["CVE-2013-1937", "AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1],
  ["CVE-2013-0375", "AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4],
  ["CVE-2014-3566", "AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1],
  ["CVE-2012-1516", "AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9],
  ["CVE-2009-0783", "AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2],
  ["CVE-2012-0384", "AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 8.8],
  ["CVE-2015-1098", "AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8],
  ["CVE-2014-0160", "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5],
  ["CVE-2014-6271", "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8],
  ["CVE-2008-1447", "AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N", 6.8],
  ["CVE-2014-2005", "AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8],
  ["CVE-2010-0467", "AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:N/A:N", 5.8],
  ["CVE-2013-6014", "AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:H", 9.3],
  ["CVE-2014-9253", "AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N", 5.4],
  ["CVE-2014-2019", "AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 4.6],
  ["CVE-2014-0224", "AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N", 7.4],
  ["CVE-2012-5376", "AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:H", 9.6],
]

test.each(published)("%s scores what FIRST published", (_cve, vector, score) => {
  expect(cvssScore(`CVSS:3.1/${vector}`)?.score).toBe(score)
})

test("the order of the metrics does not matter, and no impact is zero", () => {
  expect(cvssScore("CVSS:3.1/A:N/I:N/C:H/S:U/UI:N/PR:L/AC:L/AV:N")).toEqual({ score: 6.5, rating: "medium" })
  expect(cvssScore("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:N")).toEqual({ score: 0, rating: "none" })
})

test.each([
  "",
  "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
  "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
  "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
  "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P",
  "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
  "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
  "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:X/C:H/I:H/A:H",
])("what is not a base vector of version 3.1 has no score: %s", (vector) => {
  expect(cvssScore(vector)).toBeUndefined()
})

test("every score has one decimal, between 0 and 10, and text never throws", () => {
  const pick = (name: string, letters: string) => fc.constantFrom(...letters).map((letter) => `${name}:${letter}`)
  const vectors = fc.tuple(
    ...[pick("AV", "NALP"), pick("AC", "LH"), pick("PR", "NLH"), pick("UI", "NR"), pick("S", "UC")],
    ...[pick("C", "HLN"), pick("I", "HLN"), pick("A", "HLN")],
  )
  fc.assert(
    fc.property(vectors, (parts) => {
      const found = cvssScore(`CVSS:3.1/${parts.join("/")}`)
      expect(found?.score.toFixed(1)).toBe(String(found?.score.toFixed(1)))
      expect(Number(found?.score.toFixed(1))).toBe(found?.score)
      expect(found?.score).toBeGreaterThanOrEqual(0)
      expect(found?.score).toBeLessThanOrEqual(10)
    }),
  )
  fc.assert(fc.property(fc.string(), (text) => cvssScore(text) === undefined))
})
