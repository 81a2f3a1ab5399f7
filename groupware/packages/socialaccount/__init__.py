"""Of `allauth.socialaccount`: the migrations."""
