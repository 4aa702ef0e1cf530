# Follow-ups: what is to be done next.
follow-ups-due-past = That day has passed. Write today or a later day.
follow-ups-owner-unknown = This colleague is not in your unit. Choose somebody from the list.
follow-ups-changed-meanwhile = Somebody changed this follow-up meanwhile. Reload the page and look again.
follow-ups-not-open = This follow-up is no longer open.
