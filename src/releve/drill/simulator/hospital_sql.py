"""The invented hospital's database: stays and laboratory results, and how it lives.

Everything is computed from ``md5(seed, rank)`` inside PostgreSQL, so the same story fills the same
rows everywhere; ``admissions(slot)`` adds the movements of one period, once.
"""

from __future__ import annotations

HOSPITAL_SQL = """
CREATE TABLE stays (
  id integer PRIMARY KEY,
  record text NOT NULL,
  patient text NOT NULL,
  ward text NOT NULL,
  admitted timestamp NOT NULL
);
CREATE TABLE lab_results (
  id bigint PRIMARY KEY,
  stay integer NOT NULL REFERENCES stays,
  exam text NOT NULL,
  value numeric(8, 2) NOT NULL,
  unit text NOT NULL
);
CREATE FUNCTION drawn(subject text, rank integer, size integer) RETURNS integer LANGUAGE sql
  IMMUTABLE AS $$
    SELECT (('x' || substr(md5('@seed@/' || subject || '/' || rank), 1, 7))::bit(28)::int) % size
  $$;
CREATE FUNCTION admit(first integer, last integer) RETURNS void LANGUAGE sql AS $$
  INSERT INTO stays
    SELECT n, '99' || lpad(drawn('record', n, 9999999)::text, 7, '0'), 'Patient d''essai ' || n,
           (ARRAY['URG', 'MED-A', 'CHIR-B', 'REA', 'PED'])[1 + drawn('ward', n, 5)],
           timestamp '2026-11-01' + drawn('hour', n, 30000) * interval '1 minute'
      FROM generate_series(first, last) n ON CONFLICT DO NOTHING;
  INSERT INTO lab_results
    SELECT n * 10 + k, n, (ARRAY['HB', 'CREAT', 'K', 'CRP'])[1 + drawn('exam' || k, n, 4)],
           drawn('value' || k, n, 20000) / 100.0, 'u'
      FROM generate_series(first, last) n, generate_series(1, 4) k ON CONFLICT DO NOTHING;
$$;
CREATE FUNCTION admissions(slot integer) RETURNS void LANGUAGE sql AS $$
  SELECT admit(1000 + slot * 10, 1004 + slot * 10)
$$;
SELECT admit(1, 400);
"""

#: One line that any change of a row changes: counts and a checksum over both tables.
FACTS_SQL = """
SELECT (SELECT count(*) FROM stays) || '/' || (SELECT count(*) FROM lab_results) || '/' ||
  md5((SELECT string_agg(s::text, '|' ORDER BY id) FROM stays s) ||
      (SELECT string_agg(l::text, '|' ORDER BY id) FROM lab_results l))
"""
