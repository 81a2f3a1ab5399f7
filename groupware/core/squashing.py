"""The operation of squashed migrations: an app's tables in one step. docs/adr/0062.

After each operation Django renders every model again that is related to what has changed, and here
nearly everything is related to an account. So the time of a chain of operations grows with the
square of the number of models; one operation renders them once.
"""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class CreateModels(Operation):
    """Create the tables of several models, which may refer to each other in any order."""

    serialization_expand_args = ["creations"]

    def __init__(self, creations: list[CreateModel]) -> None:
        self.creations = creations

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what a file of migrations says of this operation."""
        return self.__class__.__name__, [self.creations], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Add the models to the state, which renders them when somebody asks for one."""
        state.__dict__.pop("apps", None)
        for creation in self.creations:
            creation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create the tables; what refers to a later one is a constraint, which comes at the end."""
        for creation in self.creations:
            creation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Remove the tables, the last one first."""
        for creation in reversed(self.creations):
            creation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """Return what `migrate --plan` says of this operation."""
        return f"Create the models {', '.join(creation.name for creation in self.creations)}"
