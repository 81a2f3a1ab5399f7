"""The REST API of mail: views over queries and services, nothing else."""
