"""Every migration one by one, as the stores of earlier versions went: no squashed one in its place.

`python -m tests.services.longway [APP=MIGRATION …]` migrates the database of the environment so, to
today's tables without arguments.
"""

import sys

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader


class LongWay(MigrationLoader):
    """The migrations without the squashed ones; what comes after these comes after the last."""

    def __init__(self, connection: BaseDatabaseWrapper | None) -> None:
        super().__init__(connection, replace_migrations=False)

    def build_graph(self) -> None:
        super().build_graph()
        for key, migration in self.replacements.items():
            self.applied_migrations.pop(key, None)
            self.graph.remove_replacement_node(key, migration.replaces)
        self.graph.validate_consistency()


def long_way(connection: BaseDatabaseWrapper) -> MigrationExecutor:
    """Return what brings this database to any migration that ever was."""
    executor = MigrationExecutor(connection)
    executor.loader = LongWay(connection)
    return executor


def main(arguments: list[str]) -> None:
    import django

    django.setup()
    from django.db import connection

    executor = long_way(connection)
    named = [argument.partition("=") for argument in arguments]
    leaves = executor.loader.graph.leaf_nodes()
    executor.migrate([(app, name) for app, _, name in named] or leaves)


if __name__ == "__main__":
    main(sys.argv[1:])
