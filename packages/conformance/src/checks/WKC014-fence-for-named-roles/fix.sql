drop policy fence on visit;
