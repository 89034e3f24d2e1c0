import { definePolicy } from "wardkeep/policy"

/**
 * Who may see and do what in this clinic. Roles, grants, row-level security, the per-role views and the word tables of
 * the database all follow from this one file.
 */
export default definePolicy({
  deployment: "demo",
  tenancy: {
    tenant: "clinic",
    branch: "branch",
    columns: { tenant: "clinic_id", branch: "branch_id" },
  },
  rest: "error",
  // Who holds which role where and until when stands in the database, granted by somebody for a reason.
  assignments: "required",
  tables: {
    clinic: { scope: "tenant" },
    branch: { scope: "tenant" },
    drug: { scope: "global" },
    staff: { scope: "tenant" },
    patient: {
      scope: "branch",
      subject: "id",
      columns: { contact: ["phone", "address"], sensitive: ["hiv_status", "allergies"] },
      search: { words: ["full_name"], lastDigits: ["phone"] },
      audit: { redact: ["sensitive"], views: true },
    },
    appointment: { scope: "branch", subject: "patient_id" },
    prescription: { scope: "branch", subject: "patient_id" },
    clinical_note: { scope: "branch", subject: "patient_id", columns: { clinical: ["diagnosis", "body"] } },
    attachment: { scope: { through: "clinical_note", by: "note_id" } },
    lab_result: { scope: "branch", subject: "patient_id" },
    // A file is not copied into the log, and whoever is shown one stands in it.
    lab_file: { scope: "branch", subject: "patient_id", audit: { redact: ["content"], views: true } },
    invoice: { scope: "branch", subject: "patient_id", narrowable: ["create"] },
    account: { scope: "unmanaged" },
  },
  purposes: {
    care: { basis: "s7a" },
    billing: { basis: "s7a" },
    administration: { basis: "s7a" },
    // Both wait for a yes: the database shows these roles nobody else.
    outreach: { basis: "consent" },
    research: { basis: "consent", children: "forbidden" },
  },
  consent: {
    subjects: "patient",
    born: "dob",
    recordedBy: ["reception", "privacy", "patient"],
    noticesBy: ["privacy"],
    rightsBy: ["privacy"],
  },
  conditions: {
    "own-draft": { all: [{ own: "author" }, { state: { column: "status", in: ["draft"] } }] },
    own: { own: "author" },
  },
  roles: {
    reception: {
      purposes: ["care"],
      mfa: "PT12H",
      can: {
        clinic: "read",
        branch: "read",
        staff: "read",
        patient: {
          read: ["id", "chart_no", "full_name", "phone", "abha", "dob", "sex", "address", "created_at"],
          create: ["full_name", "phone", "abha", "dob", "sex", "address"],
          update: ["full_name", "phone", "abha", "dob", "sex", "address"],
        },
        appointment: "manage",
      },
    },
    nurse: {
      purposes: ["care"],
      mfa: "PT12H",
      can: {
        branch: "read",
        patient: { read: true, update: ["allergies"] },
        appointment: { read: true, update: ["status"] },
        prescription: "read",
        lab_result: { read: true, create: true },
        lab_file: { read: true, create: { when: "own" }, download: true },
        drug: "read",
      },
    },
    doctor: {
      extends: "nurse",
      can: {
        patient: { read: true, update: ["allergies", "hiv_status"] },
        prescription: { read: true, create: true, update: ["dose", "days", "instructions"] },
        clinical_note: {
          read: true,
          create: { when: "own" },
          // Signing takes an own draft to an own note that nobody changes any more.
          update: { when: "own-draft", after: "own", columns: ["diagnosis", "body", "status", "signed_at"] },
        },
        // A stolen cookie is not enough to destroy a file.
        attachment: { read: true, create: true, delete: { mfa: "PT15M" } },
      },
    },
    locum: { extends: "doctor", mustExpire: true },
    // One patient of another branch, for minutes: see breakGlass. Nobody is assigned it.
    emergency: {
      purposes: ["care"],
      confined: true,
      can: { patient: "read", clinical_note: "read", prescription: "read" },
    },
    // One patient whom another branch referred, for days: see crossings. Nobody is assigned it.
    consultant: {
      purposes: ["care"],
      confined: true,
      can: { patient: "read", clinical_note: "read", prescription: "read", lab_result: "read" },
    },
    billing: {
      purposes: ["billing"],
      mfa: "PT12H",
      can: {
        branch: "read",
        patient: { read: ["branch_id", "id", "chart_no", "full_name", "phone", "created_at"] },
        appointment: "read",
        prescription: {
          read: { columns: ["id", "patient_id", "drug_id", "days", "created_at"], purposes: ["billing"] },
        },
        drug: "read",
        // A file leaves the house: the API asks for this cell, because the database cannot see what becomes of rows.
        invoice: { read: true, create: true, update: ["status", "memo"], export: { mfa: "PT15M" } },
      },
    },
    owner: {
      purposes: ["administration"],
      mfa: "PT12H",
      mayGrant: [
        "owner",
        "reception",
        "nurse",
        "doctor",
        "locum",
        "billing",
        "privacy",
        "patient",
        "outreach",
        "researcher",
      ],
      can: {
        clinic: "read",
        branch: "read",
        staff: "read",
        patient: { read: ["branch_id", "id", "chart_no", "created_at"] },
        appointment: { read: ["branch_id", "id", "patient_id", "starts_at", "status", "created_at"] },
        invoice: { read: true, export: { mfa: "PT15M" } },
      },
    },
    // Answers what patients ask about their data, publishes what they are told, and sees when people came, not why: enough to
    // ask why somebody was looked at.
    privacy: {
      purposes: ["administration"],
      mfa: "PT12H",
      can: {
        branch: "read",
        patient: { read: ["id", "branch_id", "chart_no", "full_name", "dob", "created_at"] },
        appointment: { read: ["id", "branch_id", "patient_id", "starts_at", "status"] },
      },
    },
    // A patient's own screen: it names one patient in every context, and decides for nobody else.
    patient: { purposes: ["care"], confined: true, can: { patient: { read: ["id", "full_name", "dob"] } } },
    outreach: { purposes: ["outreach"], can: { patient: { read: ["id", "full_name", "phone", "created_at"] } } },
    researcher: { purposes: ["research"], can: { patient: { read: ["id", "dob", "sex", "created_at"] } } },
  },
  breakGlass: {
    role: "emergency",
    from: ["doctor"],
    longest: "PT1H",
    reasons: ["unconscious", "life_threatening"],
    reviewedBy: ["owner"],
  },
  crossings: {
    people: "patient",
    referral: {
      role: "consultant",
      from: ["doctor"],
      to: ["doctor", "locum"],
      longest: "P30D",
      bases: ["second_opinion", "further_treatment"],
    },
    movedBy: ["owner"],
  },
  detection: {
    reviewedBy: ["privacy"],
    zone: "Asia/Kolkata",
    numbers: { table: "patient", column: "chart_no" },
    explanations: {
      appointment: { row: "appointment", at: "starts_at", before: "P7D", after: "P2D" },
      registration: { row: "patient", at: "created_at", after: "P1D", roles: ["reception"] },
    },
  },
  services: {
    reminders: {
      purposes: ["care"],
      can: {
        appointment: { read: ["id", "patient_id", "starts_at", "status"] },
        patient: { read: ["id", "full_name", "phone"] },
      },
    },
    statistics: {
      purposes: ["administration"],
      can: { appointment: { read: ["id", "patient_id", "starts_at", "status"] } },
    },
  },
  // What the vendor of this software may know of all its clinics together, of those that agreed.
  aggregates: {
    service: "statistics",
    agreedBy: ["owner"],
    figures: {
      appointments: {
        table: "appointment",
        measure: "rows",
        month: "starts_at",
        by: { column: "status", values: ["done", "cancelled"] },
        minimum: { persons: 10, clinics: 3 },
        largest: { clinic: 60, person: 20 },
        roundTo: 5,
      },
    },
  },
  lookups: { clinic_by_slug: { table: "clinic", by: "slug", returns: ["id", "name", "city"] } },
})
