"""How people prove who they are beyond a password: second factor, sign-in, web sessions."""
