"""Our own processes as containers: each is told, and may open, what its description says and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from deploy.generate.places import CA_FILE, DATABASES, INSTALLATION, LOGS, asking, told
from deploy.generate.text import Anchored, Flow, Merging
from deploy.generate.variables import or_else
from deploy.processes import CONTAINERS, HTTP, STORES, Process
from deploy.setup import USER
from shared.privacy.secrets import PORTAL_KEY
from shared.runtime.version import VERSION

ENVIRONMENT: Final = Anchored(
    "environment", {"WEGMARKEN_HOST": "0.0.0.0", "WEGMARKEN_LOG_LEVEL": or_else("LOG_LEVEL", "info")}
)
WITH_STORES: Final = Anchored("with-stores", Merging(ENVIRONMENT, told(STORES)).merged)
AFTER_STORES: Final = Anchored(
    "after-stores", {name: {"condition": "service_healthy"} for name in ("kurrentdb", "postgres")}
)
WEGMARKEN: Final = Anchored(
    "wegmarken",
    {
        "image": or_else("IMAGE", f"wegmarken:{VERSION}"),
        "restart": "unless-stopped",
        "init": True,
        "user": f"{USER}:{USER}",
        "read_only": True,
        "tmpfs": Flow(["/tmp"]),
        "cap_drop": Flow(["ALL"]),
        "security_opt": Flow(["no-new-privileges:true"]),
        "stop_grace_period": "15s",
        "healthcheck": asking("CMD", "python", "-m", "deploy.health"),
        "logging": LOGS,
    },
)


def service(process: Process) -> Merging:
    """A process as a container: it is told, and may open, what its description says and nothing else."""
    port = {"WEGMARKEN_PORT": str(process.default_port)}
    return Merging(
        WEGMARKEN,
        {
            "command": Flow(["python", "-m", *process.command]),
            "environment": _environment(process.told, port),
            **_knowing(process.told, process.secrets),
            "depends_on": _after(process),
        },
    )


def _environment(settings: Iterable[str], own: Mapping[str, str] | None = None) -> Merging:
    """What a container is told; those that work with the stores begin alike."""
    settings = tuple(settings)
    if set(STORES) <= set(settings):
        return Merging(WITH_STORES, {**(own or {}), **told(each for each in settings if each not in STORES)})
    return Merging(ENVIRONMENT, {**(own or {}), **told(settings)})


def _knowing(settings: Iterable[str], secrets: Iterable[str]) -> dict[str, Any]:
    """Secrets, certificate, volume and networks of a container of ours."""
    settings, secrets = set(settings), list(secrets)
    stores = bool(settings & {"eventstore", *DATABASES})
    return {
        **({"secrets": Flow(secrets)} if secrets else {}),
        **({"configs": [{"source": "ca", "target": CA_FILE}]} if stores else {}),
        **({"volumes": ["relay:/data"]} if "data" in settings else {}),
        "networks": Flow(
            [
                "inside",
                *(["stores"] if stores else []),
                *(["broker"] if "broker" in settings else []),
            ]
        ),
    }


def _after(process: Process) -> Mapping[str, Any]:
    """What must be healthy first."""
    needs = {
        "kurrentdb": "eventstore" in process.told,
        "postgres": bool(set(process.told) & set(DATABASES)),
        "rabbitmq": process.needs_broker,
        **{http.name: "services" in process.told for http in HTTP},
    }
    first = {name: {"condition": "service_healthy"} for name, is_needed in needs.items() if is_needed}
    if AFTER_STORES.keys() <= first.keys():
        own = {name: condition for name, condition in first.items() if name not in AFTER_STORES}
        return Merging(AFTER_STORES, own) if own else AFTER_STORES
    return first


def setup() -> Merging:
    return Merging(
        WEGMARKEN,
        {
            "build": _build("platform"),
            "profiles": Flow(["setup"]),
            "command": Flow(["python", "-m", "deploy.setup", "/installation"]),
            "restart": "no",
            "user": "0:0",
            "cap_add": Flow(["CHOWN", "DAC_OVERRIDE", "FOWNER"]),
            "network_mode": "none",
            "volumes": [f"{INSTALLATION}:/installation"],
            "healthcheck": {"disable": True},
        },
    )


def _build(target: str) -> dict[str, str]:
    return {"context": ".", "dockerfile": "deploy/images/Dockerfile", "target": target}


def tools() -> Merging:
    settings = ("data", "eventstore", "broker", "secrets", "erasures", *DATABASES)
    secrets = dict.fromkeys(name for process in CONTAINERS for name in process.secrets)
    kept = [name for name in secrets if name != PORTAL_KEY and not name.startswith("issuer-private")]
    knowing = _knowing(settings, kept)
    return Merging(
        WEGMARKEN,
        {
            "image": or_else("TOOLS_IMAGE", f"wegmarken-tools:{VERSION}"),
            "build": _build("tools"),
            "profiles": Flow(["tools"]),
            "entrypoint": Flow(["python", "-m", "wegmarken"]),
            "command": Flow(["--help"]),
            "restart": "no",
            "environment": _environment(settings),
            **knowing,
            "volumes": [
                *knowing["volumes"],
                f"{INSTALLATION}/erasures:/erasures",
                f"{or_else('BACKUPS', './backups')}:/backups",
            ],
            "healthcheck": {"disable": True},
        },
    )
