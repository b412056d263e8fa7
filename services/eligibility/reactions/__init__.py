"""What eligibility does when others record something. Pure: from what happened to whom to look at."""
