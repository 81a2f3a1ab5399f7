"""Of `oauth2_provider`: the migrations."""
