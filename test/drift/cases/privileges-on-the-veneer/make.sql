-- on veneer
REVOKE SELECT ON initech.books FROM veneer_app;
