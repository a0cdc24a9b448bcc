"""What a user owns: where things lie, the configuration, the shipping profiles, the secrets."""
