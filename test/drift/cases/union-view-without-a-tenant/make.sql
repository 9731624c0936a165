-- on veneer
CREATE OR REPLACE VIEW shared.notes WITH (security_invoker = true) AS
SELECT 'bluth_co'::text AS tenant, t.id FROM bluth_co.notes AS t
UNION ALL
SELECT 'cyberdyne'::text AS tenant, t.id FROM cyberdyne.notes AS t;
