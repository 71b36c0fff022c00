"""The journal's monthly partitions, as the catalogue knows them."""

PARTITION_MONTHS = """
SELECT to_date(right(part.relname, 7), 'YYYY_MM') AS month
FROM pg_inherits AS attached
JOIN pg_class AS part ON part.oid = attached.inhrelid
WHERE attached.inhparent IN ('transfers'::regclass, 'entries'::regclass) AND NOT attached.inhdetachpending
GROUP BY month HAVING count(*) = 2
ORDER BY month
"""
"""First days of the months whose partitions, of transfers and of entries, are attached, oldest first."""
