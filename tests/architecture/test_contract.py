"""The operating contract against what people read: README and Makefile."""

import re

import pytest

from groupware.core import limits
from groupware.core.limit import Limit
from groupware.core.limits import LIMITS
from groupware.environment import BASE_DIR, PORTS
from groupware.serve.roles import PROGRAMS

README = (BASE_DIR / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted({name for program in PROGRAMS for name in program.ports}))
def test_readme_names_each_port_with_its_default(name: str) -> None:
    assert re.search(rf"`GROUPWARE_{name}_PORT`.*\b{PORTS[name]}\b", README)


def test_readme_names_every_variable_that_is_read() -> None:
    source = (BASE_DIR / "groupware" / "environment" / "__init__.py").read_text("utf-8")
    read = set(re.findall(r'values\.\w+\("([A-Z_]+)"', source)) | {"DATABASE_URL", "TLS_CERT"}
    assert len(read) > 10
    assert [name for name in sorted(read) if f"GROUPWARE_{name}" not in README] == []


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_the_page_of_limits_names_each_with_its_default_and_meaning(limit: Limit) -> None:
    page = (BASE_DIR / "docs" / "limits.md").read_text("utf-8")
    row = re.search(rf"^\| `GROUPWARE_{limit.name}` \| (\w+).* \| (.*) \|$", page, re.MULTILINE)
    assert row is not None
    assert limit.parse(row[1]) == limit.default
    assert row[2] == limit.meaning


def test_what_smtp_counts_of_a_network_says_that_a_process_counts_it() -> None:
    page = (BASE_DIR / "docs" / "limits.md").read_text("utf-8")
    counted = [
        limits.SMTP_NETWORK_CONNECTIONS,
        limits.SMTP_CONNECTION_RATE,
        limits.SMTP_MESSAGE_RATE,
    ]
    assert all("process of GROUPWARE_PROCESSES" in limit.meaning for limit in counted)
    assert "What is counted by process says so in its row." in page


@pytest.mark.parametrize("target", ["run", "test", "test-deps", "check", "format"])
def test_makefile_has_every_target_of_the_contract(target: str) -> None:
    makefile = (BASE_DIR / "Makefile").read_text("utf-8")
    assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)


def test_locked_requirements_name_no_host_and_no_path() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (BASE_DIR / name).read_text("utf-8")
        assert not re.search(r"://|^-|^\s*/", text, re.MULTILINE)
        assert text.count("--hash=sha256:") > text.count("==")
