"""The proxy's configuration: the one door from outside, as Caddy reads it."""

from __future__ import annotations

from typing import Final

from deploy.generate.places import SCRAPED_PROXY
from deploy.processes import HTTP, PORTAL, Process
from shared.runtime.config import SETTINGS

(MAX_BODY,) = (setting.default for setting in SETTINGS if setting.name == "max_body")

HEADING: Final = """\
# Generated from deploy/processes.py and deploy/generate/proxy.py by python -m deploy.generate.
#
# The one door from outside. Caddy, because it keeps certificates alive by itself, believes no X-Forwarded-For that
# comes from outside (the portal takes the last address, which is thus the caller's), and writes no access log unless
# asked: addresses and the times at which somebody works are personal data (docs/adr/0008).
"""

GLOBAL: Final = """\
{
	admin off
	servers {
		metrics
	}
	log {
		format filter {
			wrap json
			fields {
				request delete
			}
		}
	}
}
"""


def caddyfile() -> str:
    """``deploy/proxy/Caddyfile``."""
    return f"{HEADING}{GLOBAL}\n{_upstream()}\n{_site()}\n{_metrics()}"


def _upstream() -> str:
    """However many containers stand behind a name, and wherever they are since the last restart."""
    return """\
(to) {
	reverse_proxy {
		dynamic a {args[0]} {args[1]} {
			refresh 5s
		}
		lb_try_duration 5s
		header_down -Server
	}
}
"""


def _site() -> str:
    api = "\n".join(_api(process) for process in HTTP)
    return f"""\
{{$PUBLIC_HOST}} {{
	tls {{$PROXY_TLS}}
	encode gzip zstd
	request_body {{
		max_size {MAX_BODY}
	}}
	header {{
		Strict-Transport-Security "max-age=31536000; includeSubDomains"
		?X-Content-Type-Options nosniff
		?Referrer-Policy no-referrer
		-Server
	}}

	# Health, metrics and the demonstration's clock are nobody's business outside.
	@inside path /health/* /metrics /parked /clock
	handle @inside {{
		respond 404
	}}

	# What says that it is too large is not read; what does not say so is cut off.
	@large expression `{{header.Content-Length}} != "" && int({{header.Content-Length}}) > {MAX_BODY}`
	handle @large {{
		respond 413
	}}

	# For programs: each service's API under its own name.
{api}

	# For people: everything else is the portal's.
	handle {{
		import to {PORTAL.name} {PORTAL.default_port}
	}}
}}
"""


def _api(process: Process) -> str:
    return f"""\
	handle /{process.known_as}/v1/* {{
		import to {process.name} {process.default_port}
	}}"""


def _metrics() -> str:
    return f"""\
:{SCRAPED_PROXY} {{
	metrics /metrics
}}
"""
