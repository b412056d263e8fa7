"""Who uses the portal: accounts, sessions, and how somebody shows who they are."""
