"""Patients' pages: wards, search, census, file; live; each opening of a file told to the ledger."""
