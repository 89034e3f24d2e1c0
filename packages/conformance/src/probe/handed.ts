const pass = /token|pass(?!word)|ticket|link|slip|code|invit|share|receipt/i
/** A person, or the session of one, which the application itself says; and words that only look like a pass. */
const said =
  /user|session|actor|login|staff|employee|member|doctor|nurse|account|postcode|post_code|passport|bypass|encod|decod/i
const secret =
  /token|pass|otp|secret|ticket|link|slip|invit|share|^code$|(^|_)pin$|(access|one_time|verification)_?code/i

/** A setting that is called so holds what was handed to a person, who may hand in another one. */
export const isPass = (setting: string): boolean => pass.test(setting) && !said.test(setting)

/** A column that is called so holds what only that person was given. */
export const isHanded = (column: string): boolean => secret.test(column)
