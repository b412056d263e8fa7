"""``python -m deploy.generate``: writes every file that is generated; a test compares them with what it would write."""

from __future__ import annotations

from deploy.generate.files import files
from deploy.generate.places import ROOT

for name, text in files().items():
    path = ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(name)
