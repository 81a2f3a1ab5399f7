"""The only writers of the mail store. Each function is one write transaction or joins one."""
