-- on veneer
ALTER FOREIGN TABLE initech.critics ALTER name TYPE int;
