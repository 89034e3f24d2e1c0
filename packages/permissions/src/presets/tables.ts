/** What a clinic's tables are for; a preset speaks of these, because every product names its tables differently. */
export interface ClinicTables<Table extends string = string> {
  /** Who the patient is: name, phone, address. */
  readonly identity?: readonly Table[]
  readonly appointments?: readonly Table[]
  /** What is known about the patient's health: visits, notes, diagnoses, vital signs. */
  readonly clinical?: readonly Table[]
  readonly prescriptions?: readonly Table[]
  /** Tests that were ordered, and their results. */
  readonly laboratory?: readonly Table[]
  /** What the pharmacy has and hands out. */
  readonly dispensing?: readonly Table[]
  readonly billing?: readonly Table[]
  /** Staff, rooms, opening hours. */
  readonly administration?: readonly Table[]
  /** Price lists, drugs: read by everybody on the staff. */
  readonly reference?: readonly Table[]
  /** Requests of patients for access, correction or erasure. */
  readonly requests?: readonly Table[]
}

export type Area = keyof ClinicTables
