"""Of `allauth.account`: the migrations."""
