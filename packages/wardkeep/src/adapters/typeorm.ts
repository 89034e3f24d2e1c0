export * from "@wardkeep/adapters/typeorm"
