"""
The journal's monthly partitions, as the catalogue knows them.

The name is read only where it is one of ours: the planner may look at every relation's before it knows which are
partitions.
"""

PARTITION_MONTHS = r"""
SELECT CASE WHEN part.relname ~ '_\d{4}_\d{2}$' THEN to_date(right(part.relname, 7), 'YYYY_MM') END AS month
FROM pg_inherits AS attached
JOIN pg_class AS part ON part.oid = attached.inhrelid
WHERE attached.inhparent IN ('transfers'::regclass, 'entries'::regclass) AND NOT attached.inhdetachpending
GROUP BY month HAVING count(*) = 2
ORDER BY month
"""
"""First days of the months whose partitions, of transfers and of entries, are attached, oldest first."""
