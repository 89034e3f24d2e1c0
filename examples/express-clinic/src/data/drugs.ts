export interface Drug {
  readonly id: number
  readonly name: string
  readonly form: string
  readonly strength: string
}

const entries = [
  ["Paracetamol 500", "tablet", "500 mg"],
  ["Amoxicillin 500", "capsule", "500 mg"],
  ["Azithromycin 250", "tablet", "250 mg"],
  ["Metformin 500", "tablet", "500 mg"],
  ["Amlodipine 5", "tablet", "5 mg"],
  ["Telmisartan 40", "tablet", "40 mg"],
  ["Pantoprazole 40", "tablet", "40 mg"],
  ["Cetirizine 10", "tablet", "10 mg"],
  ["ORS", "sachet", "21 g"],
  ["Iron and folic acid", "tablet", "100 mg"],
  ["Salbutamol", "inhaler", "100 mcg"],
  ["Ibuprofen 400", "tablet", "400 mg"],
] as const

export const drugs: readonly Drug[] = entries.map(([name, form, strength], index) => ({
  id: index + 1,
  name,
  form,
  strength,
}))
